DROP TABLE spend_bodies;
