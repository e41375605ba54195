"""`export --shortlist`."""


def test_a_run_learns_its_list_and_tells_so(command, refused, training, tmp_path):
    run, base = training[0], tmp_path / "served"
    result = command("export", run, "--saved-model", base, "--shortlist", "--beam", 2)
    assert result.code == 0, result.err
    facts = command("inspect", base, "--json").out
    assert '"shortlist": true' in facts or '"shortlist":true' in facts
    copied = tmp_path / "alone.keras"
    copied.write_bytes((run / "model.keras").read_bytes())
    said = refused("export", copied, "--saved-model", base, "--shortlist")
    assert "belongs to no run" in said and "learn_shortlist" in said
    said = refused("export", run, "--tflite", tmp_path / "m.tflite", "--shortlist")
    assert "--shortlist is about the SavedModel" in said
    said = refused("generate", run, "--shortlist", stdin="사과".encode())
    assert "--shortlist needs a model that has learnt one" in said
