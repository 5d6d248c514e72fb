"""What an image is made of is let into its making, which `.dockerignore` closes to everything that it does not name."""

import re

from .page import HOUSE


def test_whatever_is_copied_is_let_in() -> None:
    lines = (HOUSE / "deploy" / "Dockerfile").read_text().splitlines()
    copied = {each for line in lines if line.startswith("COPY ") for each in line.split()[1:-1]}
    let_in = re.findall(r"^!(.+)$", (HOUSE / ".dockerignore").read_text(), re.MULTILINE)
    assert copied
    assert {each for each in copied if not any(each == name or each.startswith(f"{name}/") for name in let_in)} == set()
