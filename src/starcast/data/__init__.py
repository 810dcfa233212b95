"""From files to Ratings: data sets by name, and files of your own."""
