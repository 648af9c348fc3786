"""Who acts: every operation and journal entry names one (specs/points_and_tiers.md, law 7)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, an API client or a job. `role` is empty for jobs; `address` is the caller's, when known."""

    kind: str
    name: str
    role: str = ""
    channel: str = ""
    address: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def client(login: str, role: str, channel: str, address: str = "") -> Actor:
    """Return the actor for an API credential; `channel` is its surface."""
    return Actor("client", login, role, channel, address)


def staff(username: str, role: str, address: str = "") -> Actor:
    """Return the actor for a person in the back office."""
    return Actor("staff", username, role, "admin", address)


def system(job: str) -> Actor:
    """Return the actor for a job or a management command."""
    return Actor("system", job, "", "job")
