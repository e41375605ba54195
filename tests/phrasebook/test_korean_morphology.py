import pytest

from keras_seq2seq.phrasebook.korean_morphology import (
    Conjugation,
    add_final,
    attach_particle,
    compose,
    decompose,
    final_consonant,
)

# stem, irregular: polite, past, future, honorific, formal, past formal, long negation
VERBS = """
먹 - 먹어요 먹었어요 먹을 먹으세요 먹습니다 먹었습니다 먹지
마시 - 마셔요 마셨어요 마실 마시세요 마십니다 마셨습니다 마시지
가 - 가요 갔어요 갈 가세요 갑니다 갔습니다 가지
오 - 와요 왔어요 올 오세요 옵니다 왔습니다 오지
보 - 봐요 봤어요 볼 보세요 봅니다 봤습니다 보지
듣 ㄷ 들어요 들었어요 들을 들으세요 듣습니다 들었습니다 듣지
걷 ㄷ 걸어요 걸었어요 걸을 걸으세요 걷습니다 걸었습니다 걷지
닫 - 닫아요 닫았어요 닫을 닫으세요 닫습니다 닫았습니다 닫지
돕 ㅂ 도와요 도왔어요 도울 도우세요 돕습니다 도왔습니다 돕지
굽 ㅂ 구워요 구웠어요 구울 구우세요 굽습니다 구웠습니다 굽지
입 - 입어요 입었어요 입을 입으세요 입습니다 입었습니다 입지
쓰 - 써요 썼어요 쓸 쓰세요 씁니다 썼습니다 쓰지
끄 - 꺼요 껐어요 끌 끄세요 끕니다 껐습니다 끄지
들르 - 들러요 들렀어요 들를 들르세요 들릅니다 들렀습니다 들르지
부르 르 불러요 불렀어요 부를 부르세요 부릅니다 불렀습니다 부르지
모르 르 몰라요 몰랐어요 모를 모르세요 모릅니다 몰랐습니다 모르지
고르 르 골라요 골랐어요 고를 고르세요 고릅니다 골랐습니다 고르지
짓 ㅅ 지어요 지었어요 지을 지으세요 짓습니다 지었습니다 짓지
하 - 해요 했어요 할 하세요 합니다 했습니다 하지
일하 - 일해요 일했어요 일할 일하세요 일합니다 일했습니다 일하지
만들 - 만들어요 만들었어요 만들 만드세요 만듭니다 만들었습니다 만들지
살 - 살아요 살았어요 살 사세요 삽니다 살았습니다 살지
놀 - 놀아요 놀았어요 놀 노세요 놉니다 놀았습니다 놀지
열 - 열어요 열었어요 열 여세요 엽니다 열었습니다 열지
앉 - 앉아요 앉았어요 앉을 앉으세요 앉습니다 앉았습니다 앉지
읽 - 읽어요 읽었어요 읽을 읽으세요 읽습니다 읽었습니다 읽지
배우 - 배워요 배웠어요 배울 배우세요 배웁니다 배웠습니다 배우지
주 - 줘요 줬어요 줄 주세요 줍니다 줬습니다 주지
기다리 - 기다려요 기다렸어요 기다릴 기다리세요 기다립니다 기다렸습니다 기다리지
보내 - 보내요 보냈어요 보낼 보내세요 보냅니다 보냈습니다 보내지
켜 - 켜요 켰어요 켤 켜세요 켭니다 켰습니다 켜지
쉬 - 쉬어요 쉬었어요 쉴 쉬세요 쉽니다 쉬었습니다 쉬지
바쁘 - 바빠요 바빴어요 바쁠 바쁘세요 바쁩니다 바빴습니다 바쁘지
예쁘 - 예뻐요 예뻤어요 예쁠 예쁘세요 예쁩니다 예뻤습니다 예쁘지
춥 ㅂ 추워요 추웠어요 추울 추우세요 춥습니다 추웠습니다 춥지
빠르 르 빨라요 빨랐어요 빠를 빠르세요 빠릅니다 빨랐습니다 빠르지
얇 - 얇아요 얇았어요 얇을 얇으세요 얇습니다 얇았습니다 얇지
되 - 돼요 됐어요 될 되세요 됩니다 됐습니다 되지
"""


@pytest.mark.parametrize("line", VERBS.strip().splitlines(), ids=lambda line: line.split()[0])
def test_conjugation(line):
    stem, irregular, polite, past, future, honorific, formal, past_formal, negated = line.split()
    verb = Conjugation(stem, "" if irregular == "-" else irregular)
    assert verb.polite() == polite
    assert verb.past_polite() == past
    assert verb.future_modifier() == future
    assert verb.with_si().polite() == honorific
    assert verb.formal() == formal
    assert verb.past_formal() == past_formal
    assert verb.formal(question=True) == formal.removesuffix("다") + "까"
    assert f"{verb.stem}지" == negated


@pytest.mark.parametrize(
    ("stem", "irregular", "condition", "past_modifier", "proposal", "honorific_past"),
    [
        ("먹", "", "먹으면", "먹은", "먹읍시다", "먹으셨어요"),
        ("가", "", "가면", "간", "갑시다", "가셨어요"),
        ("만들", "", "만들면", "만든", "만듭시다", "만드셨어요"),
        ("듣", "ㄷ", "들으면", "들은", "들읍시다", "들으셨어요"),
        ("돕", "ㅂ", "도우면", "도운", "도웁시다", "도우셨어요"),
        ("짓", "ㅅ", "지으면", "지은", "지읍시다", "지으셨어요"),
        ("부르", "르", "부르면", "부른", "부릅시다", "부르셨어요"),
    ],
)
def test_endings_with_eu(stem, irregular, condition, past_modifier, proposal, honorific_past):
    verb = Conjugation(stem, irregular)
    assert verb.with_eu("면") == condition
    assert verb.past_modifier() == past_modifier
    assert verb.propositive() == proposal
    assert verb.with_si().past_polite() == honorific_past


def test_honorific_stem_takes_every_ending():
    respectful = Conjugation("드시", honorific=True)
    assert respectful.polite() == "드세요"
    assert respectful.formal() == "드십니다"
    assert respectful.future_modifier() == "드실"
    assert respectful.infinitive() == "드셔"


@pytest.mark.parametrize(
    ("noun", "particle", "expected"),
    [
        ("책", "는", "책은"),
        ("사과", "는", "사과는"),
        ("책", "가", "책이"),
        ("사과", "가", "사과가"),
        ("저", "가", "제가"),
        ("나", "가", "내가"),
        ("그", "가", "그가"),
        ("책", "를", "책을"),
        ("사과", "를", "사과를"),
        ("물", "를", "물을"),
        ("친구", "와", "친구와"),
        ("선생님", "와", "선생님과"),
        ("버스", "로", "버스로"),
        ("지하철", "로", "지하철로"),
        ("손", "로", "손으로"),
        ("의사", "예요", "의사예요"),
        ("학생", "예요", "학생이에요"),
        ("의사", "였어요", "의사였어요"),
        ("학생", "였어요", "학생이었어요"),
        ("학교", "에서", "학교에서"),
        ("집", "에서", "집에서"),
    ],
)
def test_particles(noun, particle, expected):
    assert attach_particle(noun, particle) == expected


def test_syllables_come_apart_and_together_again():
    for code in range(0xAC00, 0xD7A4):
        assert compose(*decompose(chr(code))) == chr(code)
    assert final_consonant("값") == "ㅄ"
    assert add_final("하", "ㄴ") == "한"


@pytest.mark.parametrize("text", ["", "a", "ㄱ", "가나"])
def test_decompose_refuses_what_is_no_syllable(text):
    with pytest.raises(ValueError, match="Hangul syllable"):
        decompose(text)


@pytest.mark.parametrize(("stem", "irregular"), [("먹", "ㅎ"), ("eat", "")])
def test_conjugation_refuses_bad_stems(stem, irregular):
    with pytest.raises(ValueError, match="irregular class|Hangul syllable"):
        Conjugation(stem, irregular)
