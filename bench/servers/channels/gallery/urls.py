from django.urls import path

from artworks import views

urlpatterns = [
    path("artworks/", views.hang),
    path("artworks/<uuid:artwork_id>/reveal/", views.reveal),
    path("users/", views.register),
]
