"""The member states of the European Union: ISO 3166-1 alpha-3 → the letters that their NUTS codes begin with."""

from collections.abc import Mapping
from typing import Final

# Article 20 TFEU makes the nationals of these states citizens of the Union. Greece is EL in NUTS (Regulation (EC) 1059/2003).
NUTS_OF: Final[Mapping[str, str]] = {
    "AUT": "AT", "BEL": "BE", "BGR": "BG", "CYP": "CY", "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE",
    "FIN": "FI", "FRA": "FR", "GRC": "EL", "HRV": "HR", "HUN": "HU", "IRL": "IE", "ITA": "IT", "LTU": "LT", "LUX": "LU",
    "LVA": "LV", "MLT": "MT", "NLD": "NL", "POL": "PL", "PRT": "PT", "ROU": "RO", "SVK": "SK", "SVN": "SI", "SWE": "SE",
}  # fmt: skip
