DROP TABLE spend_counts;
