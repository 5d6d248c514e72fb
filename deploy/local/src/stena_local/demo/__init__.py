"""The demo: invented people and opportunities, and the story that shows the wall at work on them."""
