# SPDX-License-Identifier: Apache-2.0
# The pages: a callback module of httpd's web server API, one clause of page/1 each.
defmodule Hello.Handler do
  @moduledoc "Answers `/`, `/health` and `/info`; everything else is 404."
  require Record

  Record.defrecordp(:mod, Record.extract(:mod, from_lib: "inets/include/httpd.hrl"))

  @text ~c"text/plain; charset=utf-8"
  @json ~c"application/json"

  # httpd calls Module:do(ModData); `do` is a reserved word of Elixir's.
  @doc "Called by httpd for each request."
  def unquote(:do)(mod(method: method, request_uri: uri)) do
    {status, headers, type, body} = answer(method, path(uri))
    length = Integer.to_charlist(:erlang.iolist_size(body))
    body = if method == ~c"HEAD", do: "", else: :erlang.iolist_to_binary(body)
    head = [code: status, content_type: type, content_length: length] ++ headers
    {:proceed, response: {:response, head, body}}
  end

  defp answer(method, path) when method in [~c"GET", ~c"HEAD"] do
    {status, type, body} = page(path)
    {status, [], type, body}
  end

  defp answer(_method, _path) do
    {405, [allow: ~c"GET, HEAD"], @text, "method not allowed: GET and HEAD are\n"}
  end

  defp page(~c"/"), do: {200, @text, "Hello from Elixir on the BEAM.\n"}
  defp page(~c"/health"), do: {200, @text, "ok"}
  defp page(~c"/info"), do: {200, @json, :json.encode(Hello.Info.collect())}
  defp page(_path), do: {404, @text, "not found: try /, /health or /info\n"}

  defp path(uri), do: :lists.takewhile(&(&1 != ??), uri)
end
