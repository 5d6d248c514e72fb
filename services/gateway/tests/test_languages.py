import pytest

from gateway.languages import preferred

TITLES = {"en": "Age", "bg": "Възраст", "uk": "Вік"}


@pytest.mark.parametrize(
    ("header", "title"),
    [
        (None, "Age"),
        ("bg", "Възраст"),
        ("bg-BG, en;q=0.8", "Възраст"),
        ("de, uk;q=0.5, bg;q=0.7", "Възраст"),
        ("de", "Age"),
        ("bg;q=0", "Age"),
        ("bg;q=x;y, uk", "Вік"),
        (";;,,", "Age"),
    ],
)
def test_a_title_comes_in_the_language_that_the_caller_likes_best(header: str | None, title: str) -> None:
    assert preferred(header, TITLES) == title


def test_a_title_without_english_still_comes() -> None:
    assert preferred("de", {"bg": "Възраст"}) == "Възраст"
