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
    url, olena = stage.gateway.url, stage.person_id(stage.olena, "employment-agency", "job-ranking")
    call = 'curl -s -H "Authorization: Bearer $TOKEN" -H "Processing-Purpose: job-ranking"'
    return [
        "# a token, good for ten minutes",
        f"TOKEN=$(curl -s -u '{client.client_id}:{client.client_secret}' -d grant_type=client_credentials \\",
        f"  {url}/oauth2/token | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"access_token\"])')",
        "",
        "# what you may do, and what you would see: before any data",
        f'curl -s -H "Authorization: Bearer $TOKEN" {url}/v1/purposes',
        "",
        "# Olena, as a job coach sees her",
        f"{call} {url}/v1/persons/{olena}",
        "",
        "# everybody who speaks Ukrainian, and the jobs that fit Olena",
        f"{call} '{url}/v1/persons?filter=languages:has:ukr&fields=skills,languages&limit=2'",
        f"{call} '{url}/v1/persons/{olena}/matches?kind=job&limit=3'",
        "",
        "# the same with a purpose that is not yours, and with a filter on what you may not see",
        f'curl -s -H "Authorization: Bearer $TOKEN" -H "Processing-Purpose: health-access" {url}/v1/persons/{olena}',
        f"{call} '{url}/v1/persons?filter=gender:eq:female'",
        "",
        f"# all calls, to read and to try: {url}/docs",
    ]
