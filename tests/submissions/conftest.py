from examining import handed_out, source, written  # noqa: F401 - fixtures
