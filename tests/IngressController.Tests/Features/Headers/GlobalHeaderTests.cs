using System.Net.Security;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Headers;

/// <summary>The ConfigMap settings for headers of all requests and responses, and their changes.</summary>
public sealed class GlobalHeaderTests
{
    private const string Backends =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: backend\r\nX-Powered-By: old\r\nX-Served-By: backend\r\nStrict-Transport-Security: max-age=1\r\n\r\nok";

    private static IngressOptions WithConfigMap(IngressOptions options) =>
        options with { Translation = options.Translation with { ConfigMap = new ResourceName("ingress", "settings") } };

    private static string ConfigMap(string name, string @namespace, params string[] entries) => $$"""
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {namespace: {{@namespace}}, name: {{name}} }
        data: {{{string.Join(", ", entries)}}}

        """;

    private static string Settings(params string[] entries) => ConfigMap("settings", "ingress", entries);

    private static string Route(WireBackend backend, params (string, string)[] annotations) =>
        Manifests.Service("web", [backend.Port]) + AnnotatedIngress.Manifest("web", "web.example", "web", annotations);

    private static Task<WireMessage> GetAsync(TestController controller, string host = "web.example", string fields = "") =>
        WireConnection.ExchangeAsync(controller.HttpPort, $"GET / HTTP/1.1\r\nHost: {host}\r\n{fields}Connection: close\r\n\r\n");

    private static async Task<WireMessage> GetSecurelyAsync(TestController controller, string host)
    {
        await using var connection = await WireConnection.ConnectAsync(
            controller.HttpsPort, new SslClientAuthenticationOptions { TargetHost = host, RemoteCertificateValidationCallback = (_, _, _, _) => true });
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}:8443\r\nConnection: close\r\n\r\n");
        return await connection.ReadResponseAsync();
    }

    [Fact]
    public async Task Headers_of_ConfigMaps_reach_every_backend_and_every_client_and_follow_changes()
    {
        await using var backend = WireBackend.Answer(Backends);
        await using var controller = await TestController.StartAsync("", WithConfigMap);
        var names = Settings("proxy-set-headers: ops/request", "add-headers: ops/response", "hide-headers: 'X-Powered-By,X-Nothing'");
        await controller.ApplyAsync(Route(backend) + names
            + ConfigMap("request", "ops", "X-Proxy: ours", "X-Forwarded-Proto: https", "X-Site: $host") + ConfigMap("response", "ops", "X-Served-By: ours", "X-Site: $host"));

        var response = await GetAsync(controller, fields: "X-Proxy: client\r\nX-Forwarded-Proto: ftp\r\n");
        var unmatched = await GetAsync(controller, "nobody.example");
        Assert.True(backend.Requests.TryDequeue(out var request));
        Assert.Equal(("ours", "https"), (request.One("X-Proxy"), request.One("X-Forwarded-Proto")));
        Assert.Equal(("ours", 200), (response.One("X-Served-By"), response.Status));
        Assert.Equal((request.One("Host"), request.One("Host"), "nobody.example"), (request.One("X-Site"), response.One("X-Site"), unmatched.One("X-Site")));
        Assert.Equal(("ours", 404), (unmatched.One("X-Served-By"), unmatched.Status));
        Assert.Empty(response.All("X-Powered-By"));

        // Changes only the ConfigMap that a setting names.
        await controller.ApplyAsync(Route(backend) + names + ConfigMap("request", "ops", "X-Proxy: changed") + ConfigMap("response", "ops", "X-Served-By: changed"));
        response = await GetAsync(controller);
        Assert.True(backend.Requests.TryDequeue(out request));
        Assert.Equal(("changed", "http"), (request.One("X-Proxy"), request.One("X-Forwarded-Proto")));
        Assert.Equal("changed", response.One("X-Served-By"));

        await controller.ApplyAsync(Route(backend) + Settings());
        response = await GetAsync(controller);
        Assert.Equal(("backend", "old"), (response.One("X-Served-By"), response.One("X-Powered-By")));
    }

    [Fact]
    public async Task The_Ingress_takes_precedence_over_the_settings()
    {
        await using var backend = WireBackend.Answer(Backends);
        await using var controller = await TestController.StartAsync("", WithConfigMap);
        await controller.ApplyAsync(
            Route(backend, ("response-headers", "set: {X-Served-By: ingress}"), ("request-headers", "remove: [X-Proxy]"), ("custom-headers", "security"))
            + Settings("proxy-set-headers: ops/request", "add-headers: ops/response", "global-allowed-response-headers: X-Custom")
            + ConfigMap("request", "ops", "X-Proxy: ours") + ConfigMap("response", "ops", "X-Served-By: ours", "X-Custom: global")
            + ConfigMap("security", "default", "X-Custom: tenant"));
        var response = await GetAsync(controller);
        Assert.Equal(("ingress", "tenant"), (response.One("X-Served-By"), response.One("X-Custom")));
        Assert.Null(Assert.Single(backend.Requests).One("X-Proxy"));
    }

    [Theory]
    [InlineData(true, "", "backend", "yarp-ingress")]
    [InlineData(true, "server-tokens: 'true'", "yarp-ingress", "yarp-ingress")]
    [InlineData(true, "server-tokens: 'false'", null, null)]
    [InlineData(true, "server-tokens: 'false', allow-backend-server-header: 'true'", "backend", null)]
    [InlineData(true, "server-tokens: 'true', allow-backend-server-header: 'true'", "backend", "yarp-ingress")]
    [InlineData(true, "allow-backend-server-header: 'false'", "yarp-ingress", "yarp-ingress")]
    [InlineData(false, "server-tokens: 'true', allow-backend-server-header: 'true'", null, null)]
    public async Task The_Server_header_follows_option_and_settings(bool option, string settings, string? ofBackend, string? ofOwnAnswers)
    {
        await using var backend = WireBackend.Answer(Backends);
        await using var controller = await TestController.StartAsync(
            Route(backend) + Settings(settings), options => WithConfigMap(options) with { Listener = options.Listener with { ServerHeader = option } });
        Assert.Equal(ofBackend, (await GetAsync(controller)).One("Server"));
        Assert.Equal(ofOwnAnswers, (await GetAsync(controller, "nobody.example")).One("Server"));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("enable-underscores-in-headers: 'false'", false)]
    public async Task Headers_with_underscores_are_forwarded_unless_disabled(string settings, bool pass)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await using var controller = await TestController.StartAsync(Route(backend) + Settings(settings), WithConfigMap);
        await GetAsync(controller, fields: "X_Under: 1\r\nX-Dash: 1\r\nX_Forwarded_For: 127.0.0.1\r\n");
        var request = Assert.Single(backend.Requests);
        Assert.Equal((pass ? "1" : null, "1", null), (request.One("X_Under"), request.One("X-Dash"), request.One("X_Forwarded_For")));
    }

    [Fact]
    public async Task Hosts_with_their_own_certificate_send_HSTS()
    {
        var pki = new Pki();
        await using var backend = WireBackend.Answer(Backends);
        var manifests = Manifests.Service("web", [backend.Port]) + pki.Secret("own", "own.example") + pki.Secret("wild", "*.wild.example")
            + Manifests.Ingress("own", "own.example", "web", tlsSecret: "own")
            + Manifests.Ingress("missing", "missing.example", "web", tlsSecret: "nothing")
            + Manifests.Ingress("wild", "*.wild.example", "web", tlsSecret: "wild")
            + Manifests.Ingress("plain", "plain.example", "web");
        await using var controller = await TestController.StartAsync(manifests, WithConfigMap);
        const string expected = "max-age=31536000; includeSubDomains";
        const string backends = "max-age=1";

        Assert.Equal(expected, (await GetSecurelyAsync(controller, "own.example")).One("Strict-Transport-Security"));
        Assert.Equal(expected, (await GetSecurelyAsync(controller, "a.wild.example")).One("Strict-Transport-Security"));
        Assert.Equal(backends, (await GetSecurelyAsync(controller, "missing.example")).One("Strict-Transport-Security"));
        Assert.Equal(backends, (await GetSecurelyAsync(controller, "plain.example")).One("Strict-Transport-Security"));
        Assert.Equal(backends, (await GetAsync(controller, "own.example")).One("Strict-Transport-Security"));

        await controller.ApplyAsync(manifests + Settings("hsts-max-age: '60'", "hsts-include-subdomains: 'false'", "hsts-preload: 'true'"));
        Assert.Equal("max-age=60; preload", (await GetSecurelyAsync(controller, "own.example")).One("Strict-Transport-Security"));
        await controller.ApplyAsync(manifests + Settings("hsts: 'false'"));
        Assert.Equal(backends, (await GetSecurelyAsync(controller, "own.example")).One("Strict-Transport-Security"));
    }

    [Fact]
    public async Task Local_replies_send_HSTS()
    {
        var pki = new Pki();
        using var refusing = WireBackend.Refusing(out var port);
        await using var controller = await TestController.StartAsync(
            Manifests.Service("web", [port]) + pki.Secret("own", "own.example") + Manifests.Ingress("own", "own.example", "web", tlsSecret: "own"));
        var response = await GetSecurelyAsync(controller, "own.example");
        Assert.Equal((502, "max-age=31536000; includeSubDomains"), (response.Status, response.One("Strict-Transport-Security")));
    }

    [Fact]
    public async Task Line_breaks_in_ConfigMaps_do_not_reach_headers()
    {
        await using var backend = WireBackend.Answer(Backends);
        await using var controller = await TestController.StartAsync(
            Route(backend) + Settings("proxy-set-headers: ops/request", "add-headers: ops/response", "proxy-cookie-path: \"/ /\\r\\nX-Evil:1\"")
            + ConfigMap("request", "ops", "X-Split: \"a\\r\\nX-Evil: 1\"", "X-Good: '1'") + ConfigMap("response", "ops", "X-Split: \"a\\nX-Evil: 1\"", "X-Good: '1'"),
            WithConfigMap);
        var response = await GetAsync(controller);
        var request = Assert.Single(backend.Requests);
        Assert.Equal(("1", "1"), (response.One("X-Good"), request.One("X-Good")));
        Assert.All(new[] { request, response }, message => Assert.DoesNotContain(message.Fields, field => field.Name is "X-Evil" or "X-Split"));
    }
}
