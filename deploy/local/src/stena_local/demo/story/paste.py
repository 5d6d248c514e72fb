"""Last chapter: lines to paste, with the ids and credentials of this very deployment."""

from stena_local.demo.story.stage import Stage


def tell(stage: Stage) -> None:
    stage.chapter(
        "5  Your turn",
        "The system stays up. As the employment agency's own developer, with curl (the ids are those of this deployment):",
    )
    # Straight to the stream: no wrapping, no colours, so that the lines survive being copied.
    for line in _lines(stage):
        stage.console.out(line, highlight=False)


def _lines(stage: Stage) -> list[str]:
    client = stage.clients["employment-agency"]
    olena = stage.person_id(stage.olena, "employment-agency", "job-ranking")
    authorised = 'curl -s -H "Authorization: Bearer $TOKEN"'
    ranking = f"{authorised} -H 'Processing-Purpose: job-ranking'"
    return [
        f"STENA={stage.gateway.url}",
        f"OLENA={olena}",
        "",
        "# a token, good for ten minutes",
        f"TOKEN=$(curl -s -u '{client.client_id}:{client.client_secret}' \\",
        "  -d grant_type=client_credentials $STENA/oauth2/token \\",
        "  | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])')",
        "",
        "# what you may do, and what you would see: before any data",
        f'{authorised} "$STENA/v1/purposes" | python3 -m json.tool',
        "",
        "# Olena, as a job coach sees her",
        f'{ranking} "$STENA/v1/persons/$OLENA" | python3 -m json.tool',
        "",
        "# people who speak Ukrainian, and the jobs that fit Olena",
        f'{ranking} "$STENA/v1/persons?filter=languages:has:ukr&fields=skills,languages&limit=2" | python3 -m json.tool',
        f'{ranking} "$STENA/v1/persons/$OLENA/matches?kind=job&limit=3" | python3 -m json.tool',
        "",
        "# a purpose that is not yours, and a filter on what you may not see",
        f"{authorised} -H 'Processing-Purpose: health-access' \"$STENA/v1/persons/$OLENA\" | python3 -m json.tool",
        f'{ranking} "$STENA/v1/persons?filter=gender:eq:female" | python3 -m json.tool',
        "",
        f"# every call, to read and to try: {stage.gateway.url}/docs",
    ]
