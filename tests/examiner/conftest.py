from examining import client, handed_out, source, written  # noqa: F401 - fixtures
