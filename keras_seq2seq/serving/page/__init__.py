"""The page of the development server, shown at `/`: static files and the headers they go with."""
