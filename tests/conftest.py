"""What all tests share: property tests that try the same examples every time and are not timed."""

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
