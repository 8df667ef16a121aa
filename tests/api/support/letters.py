"""Reads the letters of a folder with Python's own mail parser; prints one JSON object a line."""
import email, email.policy, json, pathlib, sys

for file in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
    letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    parts = [part for part in letter.walk() if not part.is_multipart()]
    invites = [part.get_payload(decode=True).decode() for part in parts if part.get_content_type() == "text/calendar"]
    files = [part.get_payload(decode=True).decode() for part in parts if part.get_filename() == "invite.ics"]
    print(json.dumps({
        "to": letter["To"].addresses[0].addr_spec,
        "subject": str(letter["Subject"]),
        "message_id": str(letter["Message-ID"]),
        "text": letter.get_body(("plain",)).get_content(),
        "methods": [part.get_param("method") for part in parts if part.get_content_type() == "text/calendar"],
        "invites": invites,
        "files": files,
        "faults": [str(fault) for part in letter.walk() for fault in part.defects],
    }))
