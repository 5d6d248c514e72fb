"""What operators count. Labels are the purposes that matching follows, never a person, organisation or value."""

from prometheus_client import Counter, Gauge

PEOPLE = Gauge("stena_index_people", "People in the index.", ["purpose"])
COMPLETE = Gauge("stena_index_complete", "Whether the whole feed has been taken once, so that there is ranking.", ["purpose"])
HEARD = Gauge("stena_feed_heard_timestamp_seconds", "When the gateway last answered with changes, or with none.", ["purpose"])
"""Older than 30 seconds, and nobody is ranked any more."""

CHANGES = Counter("stena_feed_changes", "Changes taken from the feed.", ["purpose"])
FAILURES = Counter("stena_feed_failures", "Looks at the feed that came to nothing.", ["purpose"])
CONCEPTS = Gauge("stena_vocabulary_concepts", "Concepts of the vocabulary in use.")
