"""Every OWN choice of this surface, where the vendor's text is silent; the page of the API shows this table."""

CHOICES: tuple[tuple[str, str], ...] = (
    ("Every call", "The api_key of the address is the credential's log-in; another one is `invalid_api_key`, 401."),
    ("Every call", "404 (`not_found`), 405, 429 and 503 carry the error body; 429 and 503 say `Retry-After`."),
    ("Every call", "Nothing may be cached: `Cache-Control: no-store`. What is unknown is `null`."),
    ("Search", "One key a search; several are `argument_error`, 400. A value that cannot exist finds nobody: 404."),
    ("Search", "E-mail: capitals do not matter. Several customers with one address: `argument_error`, 409."),
    ("Flags", "`true` or `1`, `false`, `0` or empty, in any case; anything else is `argument_error`, 400."),
    ("Flags", "`identifiers` stand in the answer when `show_identifiers` and `user[user_profile]` are both true."),
    ("user", "`opted_in`: some channel is allowed. `activated`: an Active card. `suspended`: the contact is blocked."),
    ("user", "`address`, `address2`, `city`, `zip`, `dma`, `state`, `country`, `profile_photo_url` and `proxy_ids` come"
     " from the contact's attributes; `city` and `country` else from locality and country code. `current_*` likewise,"
     " else as those without `current_`."),
    ("user", "`available_points` holds what may be spent now: open holds are taken off, and a debt shows as zero."
     " Where points in escrow count, a debt takes those first."),
    ("Tiers", "At the top tier `tier_ends_value`, `next_tier_points` and `next_tier_overview` are left out."),
    ("Tiers", "Below a tier without a target (Base) nothing is to be reached by points: the same three are left out,"
     " only `next_tier_overview` names it. `next_tier_points` is never below zero."),
    ("Tiers", "Nobody who is not enrolled, or has left, has a tier level: `tier` is UNENROLLED, the list is empty."),
    ("Tiers", "A tier's target is its rule; the ids of the rule stand in the database, and on the tier's page."),
    ("Accounts", "`available_balance` is the balance as the clock decides it; spendable is below zero while in debt."),
)  # fmt: skip


def as_markdown() -> str:
    """Return the table for the page of the API."""
    rows = "\n".join(f"| {call} | {choice} |" for call, choice in CHOICES)
    return f"| Of | Our choice where the vendor's text is silent |\n|---|---|\n{rows}"
