"""How groups fare in rankings: counted here, at the source, so that nothing but the report ever leaves. Pure."""
