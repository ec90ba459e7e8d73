using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.ErrorPages;

/// <summary>Pages never change what the proxy has decided about a request.</summary>
public sealed class ErrorPageAccessTests : IClassFixture<ErrorPageFixture>
{
    private const string All = "400,401,403,413,429,500,502,503,504,508";

    private readonly ErrorPageFixture _proxy;

    public ErrorPageAccessTests(ErrorPageFixture proxy)
    {
        _proxy = proxy;
        proxy.Reset();
        // As a page that wants to open a door.
        proxy.Page = request => $"HTTP/1.1 200 OK\r\nX-Auth-User: admin\r\nContent-Length: 8\r\n\r\npage {request.One("X-Code")}";
    }

    [Theory]
    [InlineData(401, 401)]
    [InlineData(403, 403)]
    [InlineData(500, 500)]
    [InlineData(302, 500)]
    public async Task A_service_of_authentication_that_denies_is_obeyed(int verdict, int status)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer($"HTTP/1.1 {verdict} X\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n");
        var host = await _proxy.ServeAsync(
            backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/check"), ("custom-http-errors", All), ("default-backend", "pages"));
        var response = await _proxy.GetAsync(host, "/private");
        Assert.Equal((status, $"page {status}", status == 401 ? "Bearer" : null), (response.Status, response.Body, response.One("WWW-Authenticate")));
        Assert.Empty(backend.Requests);
        Assert.Single(auth.Requests);
        Assert.Equal("/private", Assert.Single(_proxy.Pages.Requests).One("X-Original-URI"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_broken_Service_of_pages_opens_nothing(bool hasEndpoints)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer("HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n");
        using var refusing = WireBackend.Refusing(out var port);
        var host = await _proxy.ServeAsync(
            backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/check"), ("custom-http-errors", "401,403"),
            ("default-backend", await _proxy.AddServiceAsync(hasEndpoints ? [port] : [])));
        var response = await _proxy.GetAsync(host);
        Assert.Equal((403, "403 Forbidden: the authentication service denied the request\n"), (response.Status, response.Body));
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task A_service_of_authentication_that_is_away_closes()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        using var refusing = WireBackend.Refusing(out var port);
        var host = await _proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{port}/check"), ("custom-http-errors", All), ("default-backend", "pages"));
        Assert.Equal(500, (await _proxy.GetAsync(host)).Status);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task A_password_is_still_asked_for()
    {
        await _proxy.AddSecretAsync("users", "auth", "u:{PLAIN}p");
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await _proxy.ServeAsync(
            backend, ("auth-type", "basic"), ("auth-secret", "users"), ("auth-realm", "r"), ("custom-http-errors", All), ("default-backend", "pages"));
        var response = await _proxy.GetAsync(host);
        Assert.Equal((401, "page 401", "Basic realm=\"r\""), (response.Status, response.Body, response.One("WWW-Authenticate")));
        Assert.Empty(backend.Requests);
        Assert.Equal(200, (await _proxy.GetAsync(host, "/", "Authorization: Basic dTpw\r\n")).Status);
    }

    [Fact]
    public async Task The_page_of_a_wrong_password_does_not_receive_it()
    {
        await _proxy.AddSecretAsync("users", "auth", "u:{PLAIN}p");
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await _proxy.ServeAsync(backend, ("auth-type", "basic"), ("auth-secret", "users"), ("custom-http-errors", "401"), ("default-backend", "pages"));
        Assert.Equal(401, (await _proxy.GetAsync(host, "/", "Authorization: Basic dTpx\r\n")).Status);
        Assert.Empty(Assert.Single(_proxy.Pages.Requests).All("Authorization"));
    }

    [Theory]
    [InlineData("denylist-source-range", "127.0.0.0/8", 403)]
    [InlineData("allowlist-source-range", "10.0.0.0/8", 403)]
    [InlineData("allowlist-source-range", "nonsense", 503)]
    [InlineData("auth-url", "nonsense", 503)]
    [InlineData("auth-tls-secret", "default/ca", 503)]
    public async Task Denied_and_closed_routes_keep_their_status(string annotation, string value, int status)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await _proxy.ServeAsync(backend, (annotation, value), ("custom-http-errors", All), ("default-backend", "pages"));
        var response = await _proxy.GetAsync(host);
        Assert.Equal((status, $"page {status}"), (response.Status, response.Body));
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Limits_keep_their_status_and_headers()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await _proxy.ServeAsync(
            backend, ("proxy-body-size", "1"), ("custom-http-errors", All), ("default-backend", "pages"));
        var response = await _proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal((413, "page 413", "close"), (response.Status, response.Body, response.One("Connection")));
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Other_local_replies_have_their_text()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await _proxy.ServeAsync(backend, ("denylist-source-range", "127.0.0.0/8"), ("custom-http-errors", "401"), ("default-backend", "pages"));
        Assert.Equal((403, "403 Forbidden: this address is denied\n"), ((await _proxy.GetAsync(host)).Status, (await _proxy.GetAsync(host)).Body));
        Assert.Empty(_proxy.Pages.Requests);
    }
}
