"""Makes the database of an old gallery with Django, for the tests of the import.

    make.py sqlite PATH   or   make.py postgresql HOST PORT NAME USER PASSWORD

reads from standard input, as JSON, what stands in it:

    {"key": the ENCRYPTION_KEY,
     "users": [...], "artworks": [...], "conditions": [...], "views": [...], "comments": [...],
     "sql": [statements that Django would not make]}

Each entry is the fields of a model; those that are special are:
    users:    "plain": a password, hashed with "hasher" and "salt", if given
    artworks: "plain": base64 of the content, encrypted here, with "iv" in hex, if given; or
              "raw": base64 of what stands in the column whatever it is
Times that Django sets by itself can be given.
"""

import base64
import hashlib
import json
import os
import sys

import django
from django.conf import settings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True  # the tree of the tests stays as it is

kind, rest = sys.argv[1], sys.argv[2:]
if kind == "sqlite":
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": rest[0]}
else:
    database = dict(zip(["HOST", "PORT", "NAME", "USER", "PASSWORD"], rest), ENGINE="django.db.backends.postgresql")

settings.configure(
    DATABASES={"default": database},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "accounts", "artworks"],
    AUTH_USER_MODEL="accounts.User",
    SECRET_KEY="not needed",
    USE_TZ=True,
    MIGRATION_MODULES={"contenttypes": None, "auth": None},  # all tables at once, references last
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
        "django.contrib.auth.hashers.UnsaltedMD5PasswordHasher",
    ],
)
django.setup()

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import User
from artworks.models import Artwork, ArtworkView, Comment, RevealCondition


def encrypt(key, content, iv):
    pad = padding.PKCS7(128).padder()
    padded = pad.update(content) + pad.finalize()
    e = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(iv)).encryptor()
    return iv + e.update(padded) + e.finalize()


def column(sealed):
    """The sealed bytes as the column holds them."""
    how = os.environ.get("OLD_CONTENT")
    if how == "text":
        return base64.urlsafe_b64encode(sealed).decode()
    return sealed


def add(model, fields):
    late = {name: fields.pop(name) for name in ("created_at", "updated_at", "viewed_at", "date_joined") if name in fields}
    row = model(**fields)
    row.save(force_insert=True)
    if late:  # auto_now would win otherwise
        model.objects.filter(pk=row.pk).update(**late)


def main():
    said = json.load(sys.stdin)
    call_command("migrate", run_syncdb=True, verbosity=0)
    with transaction.atomic():
        for u in said["users"] or []:
            plain, salt, hasher = u.pop("plain", None), u.pop("salt", None), u.pop("hasher", "default")
            if plain is not None:
                u["password"] = make_password(plain, salt, hasher)
            add(User, u)
        for a in said["artworks"] or []:
            if "raw" in a:
                a["encrypted_content"] = base64.b64decode(a.pop("raw"))
                if os.environ.get("OLD_CONTENT"):
                    a["encrypted_content"] = a["encrypted_content"].decode()
            else:
                iv = bytes.fromhex(a.pop("iv")) if "iv" in a else os.urandom(16)
                a["encrypted_content"] = column(encrypt(a.pop("key", said["key"]), base64.b64decode(a.pop("plain")), iv))
            add(Artwork, a)
        for name, model in (("conditions", RevealCondition), ("views", ArtworkView), ("comments", Comment)):
            for row in said[name] or []:
                add(model, row)
    with connection.cursor() as cursor:
        if said["sql"] and kind == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
        for statement in said["sql"] or []:
            cursor.execute(statement)


main()
