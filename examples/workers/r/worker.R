# SPDX-License-Identifier: Apache-2.0
#
# A worker in R: a linear regression whose intercept and coefficients lie in model.json.
# It keeps docs/formats/worker-protocol.md. Needs the package jsonlite. Replace `open_model` and `estimate` with your own.
library(jsonlite)

# What is printed goes to the log and never between frames. R writes bytes to no standard output: `cat` passes them on.
sink(stderr())
server_in <- file("stdin", "rb")
server_out <- pipe("cat", "wb")

longest_frame <- 2^30

# ---- The model

open_model <- function(folder) {
  fromJSON(file.path(folder, "model.json"))
}

estimate <- function(model, values) {
  if (anyNA(values)) stop("a value is missing")
  model$intercept + as.vector(values %*% model$coefficients)
}

# ---- Frames

end <- function(status) {
  close(server_out)
  quit(save = "no", status = status)
}

break_connection <- function(why) {
  message("worker.R: the server sent ", why)
  end(1)
}

# Exactly `count` bytes. Fewer mean that the server is gone.
read_bytes <- function(count) {
  bytes <- raw(0)
  while (length(bytes) < count) {
    piece <- readBin(server_in, "raw", count - length(bytes))
    if (length(piece) == 0) end(0)
    bytes <- c(bytes, piece)
  }
  bytes
}

# An unsigned integer of four bytes: more than R's own integers hold.
unsigned <- function(bytes) sum(as.integer(bytes) * 256^(0:3))

receive <- function() {
  head <- read_bytes(8)
  length <- unsigned(head[1:4])
  header <- unsigned(head[5:8])
  if (length > longest_frame || header + 4 > length) break_connection("a frame of a length that cannot be")
  text <- rawToChar(read_bytes(header))
  data <- read_bytes(length - 4 - header)
  message <- tryCatch({
    if (!validUTF8(text)) stop("no UTF-8")
    fromJSON(text, simplifyVector = FALSE)
  }, error = function(condition) break_connection("a header that is no JSON"))
  if (!is.list(message) || !is.character(message$kind)) break_connection("a header without a kind")
  list(header = message, data = data)
}

send <- function(message, data = raw(0)) {
  header <- charToRaw(enc2utf8(as.character(toJSON(message, auto_unbox = TRUE, digits = NA, json_verbatim = TRUE))))
  writeBin(as.integer(4 + length(header) + length(data)), server_out, endian = "little")
  writeBin(length(header), server_out, endian = "little")
  writeBin(c(header, data), server_out)
  flush(server_out)
}

# With all its digits, which numbers of R lose on their way to JSON.
same_id <- function(id) structure(sprintf("%.0f", id), class = "json")

send_error <- function(code, message, id = NULL) {
  line <- substr(gsub("\\s+", " ", message), 1, 1000)
  send(c(list(kind = "error", code = code, message = line), if (!is.null(id)) list(id = same_id(id))))
}

# ---- Messages

model <- NULL
specs <- NULL

load <- function(message) {
  tryCatch({
    descriptor <- fromJSON(file.path(message$folder, message$descriptor), simplifyVector = FALSE)
    specs <<- descriptor[c("inputs", "outputs")]
    model <<- open_model(message$folder)
    send(c(list(kind = "loaded"), specs))
  }, error = function(condition) {
    send_error("load_failed", conditionMessage(condition))
    end(1)
  })
}

# The rows of the one input, or a text that says what is wrong with it.
read_values <- function(inputs, data) {
  spec <- specs$inputs[[1]]
  tensor <- if (length(inputs) == 1) inputs[[1]] else list()
  if (!identical(tensor$name, spec$name)) return(paste0("the input “", spec$name, "” is needed, and no other"))
  shape <- unlist(tensor$shape)
  if (!identical(tensor$datatype, "FP64") || length(shape) != 2 || shape[2] != spec$shape[[2]]) {
    return(paste0("“", spec$name, "” has to be FP64 [rows, ", spec$shape[[2]], "]"))
  }
  if (length(data) != 8 * prod(shape)) return("the bytes are not those of the tensor")
  matrix(readBin(data, "double", prod(shape), endian = "little"), ncol = shape[2], byrow = TRUE)
}

predict_rows <- function(message, data) {
  if (is.null(model)) return(send_error("protocol", "“predict” comes after “load”", message$id))
  values <- read_values(message$inputs, data)
  if (is.character(values)) return(send_error("invalid", values, message$id))
  answer <- tryCatch(estimate(model, values), error = function(condition) condition)
  if (inherits(answer, "error")) return(send_error("failed", conditionMessage(answer), message$id))
  bytes <- writeBin(as.double(answer), raw(), endian = "little")
  output <- list(
    name = specs$outputs[[1]]$name, datatype = "FP64", shape = list(nrow(values)),
    parameters = list(binary_data_size = length(bytes))
  )
  send(list(kind = "result", id = same_id(message$id), outputs = list(output)), bytes)
}

hello <- function(message) {
  if (!identical(as.numeric(message$protocol), 1)) return(send_error("protocol", "this worker speaks protocol 1"))
  send(list(
    kind = "hello", protocol = 1, worker = "example-r 1.0", language = "r", runtime = as.character(getRversion())
  ))
}

repeat {
  received <- receive()
  message_of_server <- received$header
  switch(message_of_server$kind,
    hello = hello(message_of_server),
    load = load(message_of_server),
    describe = send(c(list(kind = "description"), specs)),
    predict = predict_rows(message_of_server, received$data),
    ping = send(list(kind = "pong")),
    cancel = NULL, # R is not interrupted here: what runs goes on, and the server ends it when its time is up.
    shut_down = end(0),
    send_error("protocol", paste0("this worker knows no message “", message_of_server$kind, "”"))
  )
}
