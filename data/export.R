# Writes quakes.csv, iris.csv and faithful.csv from the datasets that come with R.
# Run it from the repository's root: Rscript data/export.R

# numbers with 15 significant digits or fewer: the shortest text that reads back as the same number
shortest <- function(column) {
    if (!is.numeric(column)) {
        return(as.character(column))
    }
    text <- vapply(column, format, "", digits = 15)
    stopifnot(as.numeric(text) == column)
    text
}

export <- function(table, name, header) {
    lines <- do.call(paste, c(unname(lapply(table, shortest)), sep = ","))
    # opened as binary, so that lines end in a bare newline on every system
    file <- file(file.path("data", name), "wb")
    writeLines(c(paste(header, collapse = ","), lines), file)
    close(file)
}

export(datasets::quakes, "quakes.csv", c("lat", "long", "depth", "mag", "stations"))
export(datasets::iris, "iris.csv",
       c("sepal_length", "sepal_width", "petal_length", "petal_width", "species"))
export(datasets::faithful, "faithful.csv", c("eruptions", "waiting"))
