"""Settings of generated cases for the tests of actors and rules."""

from hypothesis import settings

settings.register_profile("actors", deadline=None, max_examples=40)
settings.load_profile("actors")
