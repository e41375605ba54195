"""What the fixture `trained` knows by heart."""

PAIRS = [
    ("안녕하세요.", "Hello."),
    ("고마워요.", "Thank you."),
    ("사과가 있어요.", "There is an apple."),
    ("책이 있어요.", "There is a book."),
    ("저는 학생이에요.", "I am a student."),
    ("저는 선생님이에요.", "I am a teacher."),
    ("물을 마셔요.", "I drink water."),
    ("우유를 마셔요.", "I drink milk."),
]
