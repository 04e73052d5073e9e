"""What the bench asks for. The reveal does what the specification says under
"Integration with Artwork Views": it saves, then tells the watchers."""
from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from rest_framework_simplejwt.tokens import AccessToken

from artworks.models import Artwork
from websockets.events import WebSocketEventHandler


def hang(request):
    artist, _ = User.objects.get_or_create(username="ana")
    artwork = Artwork.objects.create(title=request.POST["title"], artist=artist)
    return JsonResponse({"id": str(artwork.id)})


def reveal(request, artwork_id):
    artwork = get_object_or_404(Artwork.objects.select_related("artist"), pk=artwork_id)
    artwork.is_revealed = True
    artwork.save(update_fields=["is_revealed"])
    WebSocketEventHandler.notify_artwork_revealed(artwork)
    return HttpResponse(status=204)


def register(request):
    user, _ = User.objects.get_or_create(username=request.POST["username"])
    return JsonResponse({"access": str(AccessToken.for_user(user))})
