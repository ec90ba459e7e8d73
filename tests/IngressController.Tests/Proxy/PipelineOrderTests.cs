using System.Text;
using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Proxy;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.Blocking;
using IngressController.Routing.Features.Redirects;
using IngressController.Routing.Features.Rewriting;
using IngressController.Routing.Features.Transforms;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;
using IngressController.Tests.Fakes;
using IngressController.Tests.Features;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Proxy;

/// <summary>
/// The order of <see cref="PipelineOrder"/>, with one test per neighboring pair of steps: both would reply to the request, and the earlier
/// one does.
/// </summary>
public sealed class PipelineOrderTests(PipelineOrderTests.Fixture proxy) : IClassFixture<PipelineOrderTests.Fixture>
{
    private const string Blocked = "User-Agent: blocked\r\n";

    private const string Preflight = "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n";

    private static readonly string Password = $"Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes("alice:secret"))}\r\n";

    private static readonly (string, string)[] Basic = [("auth-type", "basic"), ("auth-secret", "users")];

    private static readonly (string, string)[] OnePerHour = [("rate-limit", "1"), ("rate-limit-window", "1h")];

    private static readonly (string, string) Moved = ("permanent-redirect", "https://moved.example/");

    private static readonly (string, string) Closed = ("allowlist-source-range", "nonsense");

    private static readonly (string, string) ToHttps = ("force-ssl-redirect", "true");

    private static readonly (string, string) Cors = ("enable-cors", "true");

    private static readonly (string, string) Small = ("proxy-body-size", "8");

    private static readonly (string, string) Denied = ("denylist-source-range", "127.0.0.1");

    private static readonly (string, string) NotAllowed = ("allowlist-source-range", "192.0.2.1");

    private static readonly (string, string) Refusing = ("auth-url", "{auth}");

    private static readonly (string, string) Any = ("satisfy", "any");

    /// <summary>The pairs: with both steps the first status is returned, without the earlier step the second status.</summary>
    private static readonly Pair[] Pairs =
    [
        new("block list before app root", new([("app-root", "/app")], Fields: Blocked), 403, new([("app-root", "/app")]), 302),
        new("block list before body size", new([Small], "POST", Blocked, Body: "123456789"), 403, new([Small], "POST", Body: "123456789"), 413),
        new("body size before CORS preflight", new([Small, Cors], "OPTIONS", Preflight, Body: "123456789"), 413, new([Small, Cors], "OPTIONS", Preflight), 204),
        new("CORS preflight before redirect", new([Cors, Moved], "OPTIONS", Preflight), 204, new([Moved], "OPTIONS", Preflight), 301),
        new("redirect before closed", new([Moved, Closed]), 301, new([Closed]), 503),
        new("closed before redirect to https", new([Closed, ToHttps]), 503, new([ToHttps]), 308),
        new("redirect to https before endpoints", new([ToHttps], HasEndpoint: false), 308, new([], HasEndpoint: false), 503),
        new("endpoints before rate limits", new(OnePerHour, HasEndpoint: false, Times: 2), 503, new(OnePerHour, Times: 2), 429),
        new("rate limits before deny list", new([.. OnePerHour, Denied], Times: 2), 429, new([Denied], Times: 2), 403),
        new("deny list before satisfy any", new([Denied, Any, .. Basic]), 403, new([Any, .. Basic]), 401),
        new("deny list before satisfy any that grants access", new([Denied, Any, .. Basic], Fields: Password), 403, new([Any, .. Basic], Fields: Password), 200),
        // It replaces the three checks below, so none of them runs separately.
        new("satisfy any in place of allow list", new([Any, NotAllowed, .. Basic], Fields: Password), 200, new([NotAllowed, .. Basic], Fields: Password), 403),
        new("deny list before basic authentication", new([Denied, .. Basic]), 403, new(Basic), 401),
        new("allow list before basic authentication", new([NotAllowed, .. Basic]), 403, new(Basic), 401),
        new("basic authentication before authentication service", new([.. Basic, Refusing]), 401, new([.. Basic, Refusing], Fields: Password), 403),
        new("authentication service before forwarding", new([Refusing]), 403, new([]), 200),
    ];

    public static TheoryData<string> Names => [.. Pairs.Select(pair => pair.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Of_two_neighboring_steps_the_earlier_one_replies(string name)
    {
        var pair = Pairs.Single(pair => pair.Name == name);

        Assert.Equal(pair.Status, await StatusAsync(pair.Both));
        // The later step alone replies with a different status.
        Assert.Equal(pair.LaterStatus, await StatusAsync(pair.Later));
        Assert.NotEqual(pair.Status, pair.LaterStatus);
    }

    [Fact]
    public async Task A_deny_list_takes_precedence_over_an_allow_list()
    {
        Assert.Equal(403, await StatusAsync(new([Denied, ("allowlist-source-range", "127.0.0.1")])));
        Assert.Equal(200, await StatusAsync(new([("allowlist-source-range", "127.0.0.1")])));
    }

    [Fact]
    public async Task A_request_without_an_endpoint_does_not_count_for_limits()
    {
        var host = await proxy.ServeAsync(Fixture.NoPort, OnePerHour);
        for (var i = 0; i < 3; i++)
            Assert.Contains("no endpoint is ready", (await proxy.GetAsync(host)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_redirect_to_https_uses_the_path_before_the_rewrite()
    {
        var host = await proxy.ServeAsync(proxy.Backend.Port, ToHttps, ("rewrite-target", "/rewritten"));
        Assert.Equal($"https://{host}/original?a=b", (await proxy.GetAsync(host, "/original?a=b")).One("Location"));

        var plain = await proxy.ServeAsync(proxy.Backend.Port, ("rewrite-target", "/rewritten"));
        proxy.Backend.Requests.Clear();
        Assert.Equal(200, (await proxy.GetAsync(plain, "/original?a=b")).Status);
        Assert.Equal("/rewritten?a=b", Assert.Single(proxy.Backend.Requests).Target);
    }

    [Fact]
    public async Task A_limit_by_path_uses_the_path_before_the_rewrite()
    {
        var host = await proxy.ServeAsync(proxy.Backend.Port, [.. OnePerHour, ("rate-limit-key", "path"), ("rewrite-target", "/rewritten")]);
        Assert.Equal(200, (await proxy.GetAsync(host, "/a")).Status);
        Assert.Equal(200, (await proxy.GetAsync(host, "/b")).Status);
        Assert.Equal(429, (await proxy.GetAsync(host, "/a")).Status);
    }

    /// <summary>
    /// Tests the plan instead of a socket: no annotation reaches this, because the translation rejects such transforms first.
    /// </summary>
    [Fact]
    public void Transforms_that_YARP_rejects_make_a_route_fail_closed_before_the_rewrite()
    {
        EquatableArray<RoutePolicy> policies =
        [
            new RewritePolicy(ValueTemplate.Literal("/rewritten"), "/rewritten"), new TransformsPolicy([new Transform("Unknown", "x", [])]), new ClosedPolicy("first"),
            new TlsRedirectPolicy(IsForced: true, 308, PreservesTrailingSlash: false, UsesPort: false, []),
            new RedirectPolicy(ValueTemplate.Literal("https://moved.example/"), 301),
        ];
        var route = new Route(new RouteOrigin(new("default", "app"), 0, 0), PathMatch.Root, new RouteAction.Unavailable("none"))
        {
            Policies = new RoutePolicies(policies, []),
        };

        var steps = PipelineOrder.PlanOf(new PlanContext("app.example", route, proxy.Controller.Services)).Steps;

        Assert.Equal(["body size", "redirect", "closed", "closed", "rewrite", "redirect to https", "endpoints"], steps.Select(step => step.Name));
        Assert.Equal("503: first", steps[2].Describe(ProxyRequests.EmptyRevision));
        Assert.StartsWith("503: YARP refuses the transform Unknown", steps[3].Describe(ProxyRequests.EmptyRevision), StringComparison.Ordinal);
    }

    private async Task<int> StatusAsync(Trial trial)
    {
        await proxy.AddSecretAsync("users", "auth", "alice:{PLAIN}secret\\n");
        var annotations = trial.Annotations.Select(a => (a.Name, a.Value.Replace("{auth}", proxy.AuthUrl, StringComparison.Ordinal))).ToArray();
        var host = await proxy.ServeAsync(trial.HasEndpoint ? proxy.Backend.Port : Fixture.NoPort, annotations);
        proxy.Backend.Requests.Clear();
        var length = trial.Body.Length > 0 ? $"Content-Length: {trial.Body.Length}\r\n" : "";
        var status = 0;
        for (var i = 0; i < trial.Times; i++)
            status = (await proxy.ExchangeAsync($"{trial.Method} / HTTP/1.1\r\nHost: {host}\r\n{trial.Fields}{length}\r\n{trial.Body}")).Status;
        // Refused requests do not reach the backend; a limit of one allows the first request.
        Assert.InRange(proxy.Backend.Requests.Count, status == 200 ? 1 : 0, status is 200 or 429 ? 1 : 0);
        return status;
    }

    /// <param name="Name">The two steps.</param>
    /// <param name="Both">A request to which both steps would reply.</param>
    /// <param name="Status">The status of the earlier step.</param>
    /// <param name="Later">The same request without the earlier step.</param>
    /// <param name="LaterStatus">The status of the later step.</param>
    private sealed record Pair(string Name, Trial Both, int Status, Trial Later, int LaterStatus);

    private sealed record Trial(
        (string Name, string Value)[] Annotations, string Method = "GET", string Fields = "", bool HasEndpoint = true, int Times = 1, string Body = "");

    /// <summary>A proxy that denies the User-Agent <c>blocked</c>, and an authentication service that denies every request.</summary>
    public sealed class Fixture : AccessFixture, IAsyncLifetime
    {
        /// <summary>The port for a Service without endpoints.</summary>
        internal const int NoPort = 0;

        private readonly WireBackend _auth = WireBackend.Answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");

        private int _hosts;

        internal WireBackend Backend { get; } = WireBackend.Answer(WireBackend.Ok("in"));

        internal string AuthUrl => $"http://127.0.0.1:{_auth.Port}/";

        public override IngressOptions Configure(IngressOptions options)
        {
            var configured = base.Configure(options);
            var blocked = BlockPolicy.None with { UserAgents = [new TextPattern(TextMatch.Whole, "blocked")] };
            return configured with { Translation = configured.Translation with { Global = GlobalSettings.Default.With(new BlockSettings { Policy = blocked }) } };
        }

        /// <summary>Serves the port at a new host, and returns the host.</summary>
        internal async Task<string> ServeAsync(int port, params (string Name, string Value)[] annotations)
        {
            var name = $"o{++_hosts}";
            await AddAsync(Manifests.Service(name, port == NoPort ? [] : [port]) + Manifests.Ingress(
                name, $"{name}.example", name, annotations: string.Join(", ", annotations.Select(a => $"{a.Name}: \"{a.Value}\""))));
            return $"{name}.example";
        }

        async Task IAsyncLifetime.DisposeAsync()
        {
            await DisposeAsync();
            await Backend.DisposeAsync();
            await _auth.DisposeAsync();
        }
    }
}
