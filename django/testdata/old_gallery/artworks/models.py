"""The works of the specification's own stack."""

import os
import uuid

from django.conf import settings
from django.db import models


class Artwork(models.Model):
    if os.environ.get("OLD_WORK_ID") != "number":
        id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    artist = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    # A stack keeps its ciphertext in one of these ways.
    if os.environ.get("OLD_CONTENT") == "text":
        encrypted_content = models.TextField()
    elif os.environ.get("OLD_CONTENT") == "file":
        encrypted_content = models.FileField(upload_to="sealed/")
    else:
        encrypted_content = models.BinaryField()
    placeholder_image = models.ImageField(upload_to="placeholders/", null=True, blank=True)
    content_type = models.CharField(max_length=100)
    is_revealed = models.BooleanField(default=False)
    view_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class RevealCondition(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    artwork = models.ForeignKey(Artwork, on_delete=models.CASCADE)
    condition_type = models.CharField(max_length=20)
    condition_value = models.JSONField()
    is_met = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class ArtworkView(models.Model):
    artwork = models.ForeignKey(Artwork, on_delete=models.CASCADE)
    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    viewed_at = models.DateTimeField(auto_now_add=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    device_info = models.CharField(max_length=255, blank=True)


class Comment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    artwork = models.ForeignKey(Artwork, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
