"""The functions that go into artefacts."""
