using System.Text.Json;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.ErrorPages;

/// <summary>default-backend, and the errors of the proxy itself.</summary>
public abstract class DefaultBackendTests
{
    private readonly ErrorPageFixture _proxy;

    protected DefaultBackendTests(ErrorPageFixture proxy)
    {
        _proxy = proxy;
        proxy.Reset();
    }

    [Fact]
    public async Task It_serves_while_the_Service_has_no_endpoint()
    {
        var host = await _proxy.ServeNothingAsync(("default-backend", "pages"), ("rewrite-target", "/base"));
        var response = await _proxy.ExchangeAsync(
            $"POST /x?y=1 HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nX-Code: 200\r\nX-Service-Name: forged\r\nx_service-name: forged\r\nX-Original-URI: /forged\r\n"
            + "X-Own: v\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal((299, "page 503"), (response.Status, response.Body));
        var request = Assert.Single(_proxy.Pages.Requests);
        Assert.Equal(("POST /base?y=1 HTTP/1.1", "hello", "v"), (request.Start, request.Body, request.One("X-Own")));
        var name = host.Split('.')[0];
        Assert.Equal(("503", "application/json", "default", name), (request.One("X-Code"), request.One("X-Format"), request.One("X-Namespace"), request.One("X-Ingress-Name")));
        Assert.Equal((name, "80", 32), (request.One("X-Service-Name"), request.One("X-Service-Port"), request.One("X-Request-ID")!.Length));
        Assert.Empty(request.All("X-Original-URI").Concat(request.All("x_service-name")));
    }

    [Fact]
    public async Task It_serves_while_the_Service_does_not_exist_and_not_after()
    {
        var host = "later.example";
        await _proxy.AddAsync(AnnotatedIngress.Manifest("later", host, "later", [("default-backend", "pages")]));
        Assert.Equal("page 503", (await _proxy.GetAsync(host)).Body);
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await _proxy.AddAsync(Manifests.Service("later", [backend.Port]));
        Assert.Equal("in", (await _proxy.GetAsync(host)).Body);
        Assert.Empty(Assert.Single(backend.Requests).All("X-Code"));
    }

    [Fact]
    public async Task Its_own_errors_are_not_replaced()
    {
        _proxy.Page = _ => "HTTP/1.1 404 X\r\nContent-Length: 3\r\n\r\nown";
        var host = await _proxy.ServeNothingAsync(("default-backend", "pages"), ("custom-http-errors", "404,503"));
        var response = await _proxy.GetAsync(host);
        Assert.Equal((404, "own"), (response.Status, response.Body));
        Assert.Single(_proxy.Pages.Requests);
    }

    [Fact]
    public async Task Access_control_applies_to_it()
    {
        var host = await _proxy.ServeNothingAsync(("default-backend", "pages"), ("denylist-source-range", "127.0.0.0/8"));
        Assert.Equal(403, (await _proxy.GetAsync(host)).Status);
        Assert.Empty(_proxy.Pages.Requests);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("Not-A-Name")]
    public async Task One_that_does_not_exist_is_ignored(string name)
    {
        var host = await _proxy.ServeNothingAsync(("default-backend", name));
        var response = await _proxy.GetAsync(host);
        Assert.Equal((503, "503 Service Unavailable: no endpoint is ready\n"), (response.Status, response.Body));
    }

    [Fact]
    public async Task The_proxys_own_502_gets_the_page_and_its_status()
    {
        using var refusing = WireBackend.Refusing(out var port);
        var host = await _proxy.ServeAsync(port, ("default-backend", "pages"), ("custom-http-errors", "502,503"));
        var response = await _proxy.GetAsync(host, "/p");
        Assert.Equal((299, "page 502"), (response.Status, response.Body));
        Assert.Equal("/p", Assert.Single(_proxy.Pages.Requests).One("X-Original-URI"));
    }

    [Fact]
    public async Task Other_errors_of_the_proxy_have_their_text()
    {
        using var refusing = WireBackend.Refusing(out var port);
        var host = await _proxy.ServeAsync(port, ("default-backend", "pages"), ("custom-http-errors", "404"));
        Assert.Equal(502, (await _proxy.GetAsync(host)).Status);
        Assert.Empty(_proxy.Pages.Requests);
    }

    [Fact]
    public async Task Explain_and_the_routes_show_it()
    {
        var host = await _proxy.ServeNothingAsync(("default-backend", "pages"), ("custom-http-errors", "404,503"));
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_proxy.Controller.AdminPort}") };
        var text = await admin.GetStringAsync($"/api/explain?url=http://{host}/");
        Assert.Contains("Service default/pages serves if no endpoint is ready; 404, 503: the page of Service default/pages", text, StringComparison.Ordinal);
        Assert.Contains("\"forwardedTo\":\"default/pages:\"", text.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        using var routes = JsonDocument.Parse(await admin.GetStringAsync("/api/routes"));
        var route = Assert.Single(routes.RootElement.EnumerateArray(), route => route.GetProperty("host").GetString() == host);
        Assert.Contains("ErrorPages", route.GetProperty("policies").EnumerateArray().Select(name => name.GetString()));
        Assert.Empty(_proxy.Pages.Requests);
    }
}

/// <summary>With the forwarder for HTTP/1.1.</summary>
public sealed class DirectDefaultBackendTests(ErrorPageFixture proxy) : DefaultBackendTests(proxy), IClassFixture<ErrorPageFixture>;

/// <summary>With YARP's forwarder.</summary>
public sealed class YarpDefaultBackendTests(HttpClientErrorPageFixture proxy) : DefaultBackendTests(proxy), IClassFixture<HttpClientErrorPageFixture>;

/// <summary>The settings of all Ingresses, and the operator's default backend.</summary>
public sealed class OperatorErrorPageTests : IAsyncLifetime
{
    private readonly WireBackend _operators = WireBackend.Answer(request => $"HTTP/1.1 404 X\r\nContent-Length: 7\r\n\r\nall {(request.One("X-Code") ?? "???")}");
    private readonly WireBackend _backend = WireBackend.Answer("HTTP/1.1 500 X\r\nContent-Length: 6\r\n\r\nsecret");
    private readonly WireBackend _silent = WireBackend.Start(async connection =>
    {
        await connection.ReadRequestAsync();
        await connection.ReadToEndAsync();
    });

    private TestController _controller = null!;

    public async Task InitializeAsync() => _controller = await TestController.StartAsync(
        Manifests.Service("all", [_operators.Port]) + Manifests.Service("app", [_backend.Port]) + Manifests.Service("silent", [_silent.Port]) + Manifests.Service("empty", [])
        + Manifests.Ingress("app", "app.example", "app") + Manifests.Ingress("silent", "silent.example", "silent") + Manifests.Ingress("empty", "empty.example", "empty")
        + Manifests.Ingress("own", "own.example", "app", annotations: "default-backend: empty") + Manifests.Ingress("other", "other.example", "app", annotations: "custom-http-errors: \"404\"")
        + """
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {custom-http-errors: "404,500,503,504"}
        """,
        options => options with
        {
            Upstream = options.Upstream with { ReadTimeout = TimeSpan.FromSeconds(1) },
            Translation = options.Translation with { ConfigMap = new ResourceName("default", "settings"), DefaultBackendService = new ResourceName("default", "all") },
        });

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        await _operators.DisposeAsync();
        await _backend.DisposeAsync();
        await _silent.DisposeAsync();
    }

    [Theory]
    [InlineData("app.example", 404, "all 500")]
    [InlineData("own.example", 404, "all 500")]
    [InlineData("other.example", 500, "secret")]
    [InlineData("empty.example", 404, "all 503")]
    [InlineData("silent.example", 404, "all 504")]
    // The default backend of the operator is not asked for a page about itself.
    [InlineData("unknown.example", 404, "all ???")]
    public async Task The_operators_backend_has_the_pages(string host, int status, string body)
    {
        var response = await WireConnection.ExchangeAsync(_controller.HttpPort, $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal((status, body), (response.Status, response.Body));
    }
}
