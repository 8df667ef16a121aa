"""A short story told to a running service, so that there are calendars to check.

usage: story.py ADDRESS FOLDER empty|full|letters
empty:   a volunteer joins; prints the three feeds, which have no entries yet
full:    two needs are staffed, and one volunteer is taken off again; prints the three feeds
letters: prints the files of the invite and of its cancel, as they went out
"""

import datetime
import email
import email.policy
import json
import pathlib
import sys
import time
import urllib.request

address, folder, part = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
campus = json.loads((folder / "campus.json").read_text())
office = campus["members"][0]["access_token"]
campus = campus["campus"]["id"]
kept = folder / "story.json"


def call(method, path, body=None, token=None):
    request = urllib.request.Request(address + path, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as refused:
        sys.exit(f"{method} {path}: {refused.code} {refused.read().decode()}")
    return json.loads(text) if text else None


def feeds(own):
    return [f"{address}/feeds/campuses/{campus}/events.ics", own, f"{address}/feeds/needs.ics?campus_id={campus}"]


def empty():
    login = {"email": "vera@example.edu", "password": "a long enough one"}
    call("POST", "/v1/accounts", {"name": "Véra Example, “CPRW”", **login})
    token = call("POST", "/v1/sessions", login)["access_token"]
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    profile = {
        "display_name": "Véra Example, “CPRW”",
        "kinds": ["mock_interviews", "workshop"],
        "virtual_ok": True,
        "in_person": {"home": {"lat": 39.96, "lon": -76.73}, "travel_km": 60},
        "time_zone": "America/New_York",
        "availability": {"weekly": [{"day": day, "from": "00:00", "until": "24:00"} for day in days], "exceptions": []},
        "caps": {"per_week": 20, "per_month": 60},
    }
    volunteer = call("POST", "/v1/volunteers", profile, token)["id"]
    call("POST", f"/v1/campuses/{campus}/volunteers", {"note": ""}, token)
    call("POST", f"/v1/campuses/{campus}/volunteers/{volunteer}/approve", None, office)
    own = call("POST", f"/v1/volunteers/{volunteer}/feed-token", None, token)["feed_url"]
    kept.write_text(json.dumps({"volunteer": volunteer, "own": own}))
    return feeds(own)


def need(title, days, **changes):
    day = (datetime.date.today() + datetime.timedelta(days=days)).isoformat()
    body = {
        "kind": "mock_interviews",
        "title": title,
        "purpose": "Fifteen minutes of interview;\nfive of feedback, for each student — “no prior experience”.",
        "mode": "in_person",
        "place": "Graham Center; 2nd floor, room “B”",
        "position": {"lat": 39.95, "lon": -76.71},
        "starts_local": f"{day}T12:00",
        "ends_local": f"{day}T14:00",
        "time_zone": "America/New_York",
        "roles": [{"name": "Interviewer", "min": 1, "max": 10}],
        **changes,
    }
    id = call("POST", f"/v1/campuses/{campus}/campus-requests", body, office)["id"]
    call("POST", f"/v1/campus-requests/{id}/submit", None, office)
    return call("POST", f"/v1/campus-requests/{id}/approve", None, office)


def full():
    told = json.loads(kept.read_text())
    assignments = []
    for title, days, changes in [
        ("Mock interviews, résumé tables; and more: " + "a title that needs folding " * 4, 40, {}),
        ("Evening workshop", 120, {"kind": "workshop", "mode": "virtual", "place": None, "position": None}),
        ("Across midnight", 200, {"ends_local": None}),
    ]:
        if "ends_local" in changes:
            day = datetime.date.today() + datetime.timedelta(days=days)
            changes = {
                "starts_local": f"{day.isoformat()}T22:00",
                "ends_local": f"{(day + datetime.timedelta(days=1)).isoformat()}T01:30",
            }
        made = need(title, days, **changes)
        body = {"volunteer_id": told["volunteer"], "role_id": made["roles"][0]["id"]}
        assignments.append(call("POST", f"/v1/campus-requests/{made['id']}/assignments", body, office)["id"])
    call("POST", f"/v1/assignments/{assignments[-1]}/remove", {"reason": "The room is closed."}, office)
    return feeds(told["own"])


def letters():
    wanted = {"REQUEST": 3, "CANCEL": 1}
    for _ in range(300):
        found = []
        for file in sorted((folder / "mail").glob("*.eml")):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for part in message.walk():
                if part.get_content_type() == "text/calendar":
                    calendar = file.with_suffix(".ics")
                    calendar.write_bytes(part.get_payload(decode=True))
                    found.append((part.get_param("method"), calendar))
        methods = [method for method, _ in found]
        if all(methods.count(method) >= count for method, count in wanted.items()):
            return [calendar for _, calendar in found]
        time.sleep(0.1)
    sys.exit(f"of {wanted} only {methods} were written")


print(*{"empty": empty, "full": full, "letters": letters}[part](), sep="\n")
