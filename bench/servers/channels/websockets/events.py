from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer


class WebSocketEventHandler:
    @staticmethod
    def notify_artwork_revealed(artwork):
        async_to_sync(get_channel_layer().group_send)(
            f"artwork_{artwork.id}",
            {
                "type": "artwork_revealed",
                "artwork": {
                    "id": str(artwork.id),
                    "title": artwork.title,
                    "artist": artwork.artist.username,
                    "is_revealed": True,
                },
            },
        )
