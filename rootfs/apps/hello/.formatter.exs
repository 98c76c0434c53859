# SPDX-License-Identifier: Apache-2.0
# What `mix format` covers.
[inputs: ["{mix,.formatter}.exs", "{lib,test}/**/*.{ex,exs}"]]
