import device_speed


def test_ratios_are_of_what_was_measured_together():
    """A machine that is slow in one round is slow for all."""
    one, two = (device_speed.Variant("int8", threads, True) for threads in (1, 2))
    times = {one: [4.0, 8.0, 40.0], two: [2.0, 4.0, 20.0]}
    first = {one: [8.0, 16.0, 80.0], two: [6.0, 12.0, 60.0]}
    rows = device_speed.ratios(times, first, theirs=[8.0, 16.0, 80.0])
    assert [row["to_first_row"] for row in rows] == [1.0, 0.5]
    assert [row["first_call_ratio"] for row in rows] == [2.0, 3.0]
    assert [row["reference_ratio"] for row in rows] == [2.0, 4.0]
    assert rows[1] | {"format": "int8", "threads": 2, "xnnpack": True, "ms": 4.0} == rows[1]
