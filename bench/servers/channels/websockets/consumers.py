import json

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import ValidationError

from artworks.models import Artwork


class ArtworkConsumer(AsyncWebsocketConsumer):
    """Connections to one artwork, told when it is revealed."""

    async def connect(self):
        self.artwork_id = self.scope["url_route"]["kwargs"]["artwork_id"]
        self.group_name = f"artwork_{self.artwork_id}"
        artwork = await self.get_artwork()
        if artwork is None:
            await self.close()
            return
        await self.channel_layer.group_add(self.group_name, self.channel_name)
        await self.accept()
        await self.send_status(artwork)

    async def disconnect(self, close_code):
        if hasattr(self, "group_name"):
            await self.channel_layer.group_discard(self.group_name, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        if json.loads(text_data).get("type") == "check_status":
            await self.send_status(await self.get_artwork())

    async def artwork_revealed(self, event):
        await self.send(text_data=json.dumps({"type": "artwork_revealed", "artwork": event["artwork"]}))

    async def send_status(self, artwork):
        await self.send(
            text_data=json.dumps(
                {
                    "type": "artwork_status",
                    "is_revealed": artwork.is_revealed,
                    "artwork": {"id": str(artwork.id), "title": artwork.title},
                }
            )
        )

    @database_sync_to_async
    def get_artwork(self):
        try:
            return Artwork.objects.get(pk=self.artwork_id)
        except (Artwork.DoesNotExist, ValidationError):
            return None


class NotificationConsumer(AsyncWebsocketConsumer):
    """The notifications of one user, who has to be signed in."""

    async def connect(self):
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close()
            return
        self.group_name = f"notifications_{user.id}"
        await self.channel_layer.group_add(self.group_name, self.channel_name)
        await self.accept()
        await self.send(text_data=json.dumps({"type": "welcome", "message": "Connected to notification service"}))

    async def disconnect(self, close_code):
        if hasattr(self, "group_name"):
            await self.channel_layer.group_discard(self.group_name, self.channel_name)

    async def notification(self, event):
        await self.send(
            text_data=json.dumps({"type": "notification", "message": event["message"], "data": event["data"]})
        )
