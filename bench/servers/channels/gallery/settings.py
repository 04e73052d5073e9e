"""The specification's stack as its documentation sets it up: Channels, a
channel layer in Redis, Simple JWT. A SQLite database, as a young project has."""
import os

SECRET_KEY = "a key of the bench, thirty-two bytes long or more"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "gallery.urls"
ASGI_APPLICATION = "gallery.asgi.application"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "channels",
    "artworks",
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.environ["BENCH_DIR"], "db.sqlite3")}
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [("127.0.0.1", int(os.environ["BENCH_REDIS_PORT"]))]},
    }
}
