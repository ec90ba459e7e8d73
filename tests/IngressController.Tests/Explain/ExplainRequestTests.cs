using System.Net;
using IngressController.Explain;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Tests.Explain;

public sealed class ExplainRequestTests
{
    [Theory]
    [InlineData("http://a.example", "http", "a.example", "/")]
    [InlineData("HTTPS://a.example:8443/x/../%2e?q=/..#part", "https", "a.example:8443", "/x/../%2e?q=/..")]
    [InlineData("http://a.example?q", "http", "a.example", "/?q")]
    [InlineData("http://a.example:80/", "http", "a.example", "/")]
    [InlineData("https://a.example:443/", "https", "a.example", "/")]
    [InlineData("https://a.example:80/", "https", "a.example:80", "/")]
    [InlineData("http://[::1]:8080//x", "http", "[::1]:8080", "//x")]
    [InlineData("http://A.example./", "http", "A.example.", "/")]
    public void URL_is_parsed_as_a_client_sends_it(string url, string scheme, string host, string target)
    {
        var request = ExplainRequest.Parse(url, null, [], null);

        Assert.Equal((scheme, host, target, "GET", IPAddress.Loopback), (request.Scheme, request.Host, request.Target, request.Method, request.Client));
    }

    [Theory]
    [InlineData("a.example/x", "\"a.example/x\" is not an absolute URL; write http://HOST/PATH or https://HOST/PATH")]
    [InlineData("ftp://a.example/", "is not an absolute URL")]
    [InlineData("http:///x", "\"\" is not a host with an optional port")]
    [InlineData("http://a.example:port/", "\"a.example:port\" is not a host with an optional port")]
    [InlineData("http://a\\b.example/", "is not a host")]
    [InlineData("http://user:pass@a.example/", "contains a user name")]
    [InlineData("http://a.example/a b", "must be percent-encoded")]
    [InlineData("http://a.example/\u00FC", "must be percent-encoded")]
    [InlineData("http://a.example/\r\nX: y", "must be percent-encoded")]
    public void Invalid_URL_is_rejected(string url, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => ExplainRequest.Parse(url, null, [], null)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("GET POST", null, null, "\"GET POST\" is not a method")]
    [InlineData("", null, null, "\"\" is not a method")]
    [InlineData("CONNECT", null, null, "CONNECT opens a tunnel")]
    [InlineData(null, "X", null, "header \"X\" is not of the form NAME:VALUE")]
    [InlineData(null, ": x", null, "header \": x\" is not of the form NAME:VALUE")]
    [InlineData(null, "X Y: x", null, "is not of the form NAME:VALUE")]
    [InlineData(null, "X: a\r\nY: b", null, "the value of header X contains a character that header fields cannot contain")]
    [InlineData(null, "Host: a b", null, "\"a b\" is not a valid Host")]
    [InlineData(null, null, "me", "client \"me\" is not an IP address")]
    public void Invalid_methods_headers_and_addresses_are_rejected(string? method, string? header, string? client, string expected) => Assert.Contains(
        expected, Assert.Throws<FormatException>(() => ExplainRequest.Parse("http://a.example/", method, header is null ? [] : [header], client)).Message, StringComparison.Ordinal);

    [Fact]
    public void Host_header_replaces_the_host_of_the_URL_but_not_the_server_name()
    {
        var request = ExplainRequest.Parse("https://a.example/", "POST", ["X: 1", "host: b.example:1", "X: 2"], "2001:db8::1");
        var context = request.ToHttpContext();

        Assert.Equal(("b.example:1", "a.example"), (request.Host, request.ServerName));
        Assert.Equal("1,2", context.Request.Headers["X"].ToString());
        Assert.Equal("b.example:1", context.Request.Headers.Host.ToString());
        Assert.Equal("Host is given twice; such a request is answered 400", Assert.Throws<FormatException>(() => ExplainRequest.Parse("http://a/", null, ["Host: a", "Host: b"], null)).Message);
    }

    [Fact]
    public void Request_matches_what_Kestrel_passes_on()
    {
        var context = ExplainRequest.Parse("https://a.example/a%20b%2Fc/../%C3%A9?x=%20", "PUT", ["Content-Length: 7"], "203.0.113.9").ToHttpContext();

        var feature = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        Assert.Equal("/a%20b%2Fc/../%C3%A9?x=%20", feature.RawTarget);
        Assert.Equal(("/a b%2Fc/../\u00E9", "?x=%20", true, "HTTP/1.1", "PUT"), (context.Request.Path.Value, context.Request.QueryString.Value, context.Request.IsHttps, context.Request.Protocol, context.Request.Method));
        Assert.Equal(7, context.Request.ContentLength);
        Assert.Equal("203.0.113.9", context.Connection.RemoteIpAddress!.ToString());
    }
}
