from django.urls import re_path

from websockets.consumers import ArtworkConsumer, NotificationConsumer

websocket_urlpatterns = [
    re_path(r"ws/artwork/(?P<artwork_id>[^/]+)/$", ArtworkConsumer.as_asgi()),
    re_path(r"ws/notifications/$", NotificationConsumer.as_asgi()),
]
