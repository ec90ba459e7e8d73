using IngressController.Pipeline;
using IngressController.Routing.Diagnostics;
using IngressController.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Proxy;

/// <summary>
/// Objects that froze, crashed or emptied the routing of other controllers built on YARP. Each test adds one and proves that its valid
/// parts are served and that changes of an existing Ingress still apply.
/// </summary>
public sealed class PoisonPillTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>, IAsyncLifetime
{
    private readonly WireBackend _one = WireBackend.Answer(WireBackend.Ok("one"));
    private readonly WireBackend _two = WireBackend.Answer(WireBackend.Ok("two"));

    private readonly TestController _controller = proxy.Controller;

    private string Services => Manifests.Service("one", [_one.Port]) + Manifests.Service("two", [_two.Port]);

    public Task InitializeAsync() => _controller.ApplyAsync(Services + Manifests.Ingress("good", "good.example", "one"));

    public async Task DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    private async Task<string> GetAsync(string host, string target = "/")
    {
        var response = await WireConnection.ExchangeAsync(_controller.HttpPort, $"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        return response.Status == 200 ? response.Body : $"{response.Status}";
    }

    /// <summary>Adds the pill, then moves the valid Ingress to another Service. Both changes must apply.</summary>
    private async Task AddPillAsync(string pill)
    {
        Assert.Equal("one", await GetAsync("good.example"));
        await _controller.ApplyAsync(Services + Manifests.Ingress("good", "good.example", "one"), pill, delivers: true);
        Assert.Equal("one", await GetAsync("good.example"));
        await _controller.ApplyAsync(Services + Manifests.Ingress("good", "good.example", "two") + Manifests.Ingress("late", "late.example", "two"), pill, delivers: true);
        Assert.Equal("two", await GetAsync("good.example"));
        Assert.Equal("two", await GetAsync("late.example"));

        // No revision failed meanwhile.
        using var client = new HttpClient();
        var metrics = await client.GetStringAsync($"http://127.0.0.1:{_controller.AdminPort}/metrics");
        Assert.Contains("\nyarp_ingress_revision_failures_total 0\n", metrics, StringComparison.Ordinal);
    }

    private static string Ingress(string name, string spec, string metadata = "") =>
        $"---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: default{metadata} }}\nspec: {{ingressClassName: yarp, {spec} }}\n";

    private static string Path(string path, string service = "two", string type = "Prefix", string port = "number: 80") =>
        $"{{path: '{path}', pathType: {type}, backend: {{service: {{name: {service}, port: {{ {port} }} }} }} }}";

    [Fact]
    public async Task An_IDN_host_is_served()
    {
        await AddPillAsync(Manifests.Ingress("pill", "xn--mnchen-3ya.example", "two"));
        Assert.Equal("two", await GetAsync("xn--mnchen-3ya.example"));
        Assert.Equal("two", await GetAsync("XN--MNCHEN-3YA.example"));
    }

    // Characters that are syntax in route templates are ordinary in a path.
    [Theory]
    [InlineData("/{", "/%7B")]
    [InlineData("/}", "/}")]
    [InlineData("/{id}", "/{id}/x")]
    [InlineData("/{**rest}", "/{**rest}")]
    [InlineData("/*", "/*/x")]
    [InlineData("/a*b*", "/a*b*")]
    [InlineData("/{a}{a}", "/{a}{a}")]
    [InlineData("/[controller]", "/[controller]")]
    [InlineData("/\"quoted\"", "/\"quoted\"")]
    [InlineData("/~a:b@c", "/~a:b@c")]
    [InlineData("/a//b", "/a/b")]
    public async Task A_path_with_template_syntax_is_literal(string path, string target)
    {
        await AddPillAsync(Ingress("pill", $"rules: [{{host: pill.example, http: {{paths: [{Path(path)}]}} }}]"));
        Assert.Equal("two", await GetAsync("pill.example", target));
        Assert.Equal("404", await GetAsync("pill.example", "/other"));
    }

    // Paths that no request can contain.
    [Theory]
    [InlineData("/a?b")]
    [InlineData("/a#b")]
    [InlineData("/a/../b")]
    [InlineData("/%zz")]
    [InlineData("/%00")]
    [InlineData("/a\\b")]
    [InlineData("relative")]
    public async Task A_path_that_can_never_match_affects_no_other_path(string path)
    {
        await AddPillAsync(Ingress("pill", $"rules: [{{host: pill.example, http: {{paths: [{Path(path)}, {Path("/fine")}]}} }}]"));
        Assert.Equal("two", await GetAsync("pill.example", "/fine"));
        Assert.Equal("404", await GetAsync("pill.example", "/"));
    }

    [Fact]
    public async Task A_path_of_4000_characters_is_served()
    {
        var path = $"/{new string('p', 3999)}";
        await AddPillAsync(Manifests.Ingress("pill", "pill.example", "two", path));
        Assert.Equal("two", await GetAsync("pill.example", path));
    }

    // Other controllers give these the same route id.
    [Fact]
    public async Task Routes_that_differ_only_in_type_or_case_are_kept_apart()
    {
        await AddPillAsync(Ingress("pill",
            $"rules: [{{host: pill.example, http: {{paths: [{Path("/foo", "one", "Exact")}, {Path("/foo")}, {Path("/Foo", "one")}, {Path("/foo")}, {Path("/foo", "one")}]}} }}, "
            + $"{{host: pill.example, http: {{paths: [{Path("/second")}]}} }}, {{host: PILL.example, http: {{paths: [{Path("/third")}]}} }}]"));
        Assert.Equal("one", await GetAsync("pill.example", "/foo"));
        Assert.Equal("two", await GetAsync("pill.example", "/foo/"));
        Assert.Equal("one", await GetAsync("pill.example", "/Foo"));
        Assert.Equal("two", await GetAsync("pill.example", "/second"));
        Assert.Equal("two", await GetAsync("pill.example", "/third"));
    }

    [Fact]
    public async Task Two_ports_with_the_same_target_port_are_two_backends()
    {
        await AddPillAsync(
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: pair}\nspec: {ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 443, targetPort: 8080}]}\n"
            + string.Concat(Enumerable.Range(0, 2).Select(i =>
                $"---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: pair-{i}, labels: {{kubernetes.io/service-name: pair}} }}\naddressType: IPv4\n"
                + $"ports: [{{name: a, port: {_two.Port} }}, {{name: b, port: {_two.Port} }}]\nendpoints: [{{addresses: [127.0.0.1]}}]\n"))
            + Ingress("pill", $"rules: [{{host: pill.example, http: {{paths: [{Path("/a", "pair", port: "name: a")}, {Path("/b", "pair", port: "number: 443")}]}} }}]"));
        Assert.Equal("two", await GetAsync("pill.example", "/a"));
        Assert.Equal("two", await GetAsync("pill.example", "/b"));
    }

    // These crashed the process: rules without http, empty backends, null values.
    [Theory]
    [InlineData("rules: [{host: pill.example}]")]
    [InlineData("rules: [{host: pill.example, http: {paths: []} }]")]
    [InlineData("rules: [{host: pill.example, http: {} }]")]
    [InlineData("rules: null")]
    [InlineData("tls: [{}], rules: [{host: pill.example}]")]
    [InlineData("tls: [{hosts: [null], secretName: null}], rules: [{host: null}]")]
    [InlineData("defaultBackend: {}")]
    [InlineData("defaultBackend: {service: {name: two} }, rules: [{host: '*.*.bad'}]")]
    [InlineData("rules: [{host: 'https://pill.example/'}]")]
    [InlineData("rules: [{host: 'pill.example:80'}]")]
    [InlineData("rules: [{host: '10.0.0.1'}]")]
    [InlineData("rules: [{host: '*'}]")]
    [InlineData("rules: [{host: 'a b'}]")]
    public async Task Missing_and_meaningless_fields_affect_no_other_Ingress(string spec) => await AddPillAsync(Ingress("pill", spec));

    // An API server stores {} for such an item; a folder of manifests passes null on.
    [Theory]
    [InlineData("rules: [null]")]
    [InlineData("rules: [{host: pill.example, http: {paths: [null]} }]")]
    [InlineData("tls: [null]")]
    public async Task Null_items_affect_no_other_Ingress(string spec) => await AddPillAsync(Ingress("pill", spec));

    [Theory]
    [InlineData("{path: /x, pathType: Prefix}")]
    [InlineData("{path: /x, pathType: Prefix, backend: {} }")]
    [InlineData("{path: /x, pathType: Prefix, backend: {service: {} } }")]
    [InlineData("{path: /x, pathType: Prefix, backend: {service: {name: two} } }")]
    [InlineData("{path: /x, pathType: Prefix, backend: {service: {name: two, port: {} } } }")]
    [InlineData("{path: /x, pathType: Prefix, backend: {service: {name: two, port: {number: 81} } } }")]
    [InlineData("{path: /x, pathType: Prefix, backend: {service: {name: two, port: {number: 99999} } } }")]
    [InlineData("{path: /x, pathType: Prefix, backend: {service: {name: two, port: {name: nope} } } }")]
    [InlineData("{path: /x, pathType: Prefix, backend: {service: {name: missing, port: {number: 80} } } }")]
    [InlineData("{path: /x, pathType: Prefix, backend: {resource: {apiGroup: x.io, kind: Bucket, name: b} } }")]
    [InlineData("{path: /x, pathType: Odd, backend: {service: {name: two, port: {number: 80} } } }")]
    public async Task A_rule_without_a_usable_backend_keeps_its_traffic_and_returns_503(string path)
    {
        await AddPillAsync(Ingress("pill", $"rules: [{{host: pill.example, http: {{paths: [{Path("/", "one")}, {path}]}} }}]"));
        Assert.Equal("503", await GetAsync("pill.example", "/x/y"));
        Assert.Equal("one", await GetAsync("pill.example", "/y"));
    }

    [Theory]
    [InlineData("rate-limiter-policy: nope")]
    [InlineData("authorization-policy: nope")]
    [InlineData("transforms: '{{{'")]
    [InlineData("transforms: '- Unknown: x'")]
    [InlineData("timeout: '-1'")]
    [InlineData("route-order: 99999999999999999999")]
    [InlineData("health-check: 'Active: {Interval: x}'")]
    public async Task Annotations_of_any_content_affect_no_other_Ingress(string annotation) =>
        await AddPillAsync(Ingress("pill", $"rules: [{{host: pill.example, http: {{paths: [{Path("/")}]}} }}]",
            $", annotations: {{yarp.ingress.kubernetes.io/{annotation.Replace("99999999999999999999", "'99999999999999999999'", StringComparison.Ordinal)} }}"));

    [Fact]
    public async Task Two_Ingresses_of_one_Service_do_not_overwrite_each_other()
    {
        await AddPillAsync(
            Manifests.Ingress("pill-a", "a.example", "two", "/a") + Manifests.Ingress("pill-b", "b.example", "two", "/b", "Exact"));
        Assert.Equal("two", await GetAsync("a.example", "/a/x"));
        Assert.Equal("two", await GetAsync("b.example", "/b"));
        Assert.Equal("404", await GetAsync("b.example", "/b/x"));
    }

    [Fact]
    public async Task A_duplicate_rule_is_served_by_the_older_Ingress_until_it_is_deleted()
    {
        var younger = Ingress("a-younger", $"rules: [{{host: pill.example, http: {{paths: [{Path("/", "one")}]}} }}]", ", creationTimestamp: '2024-02-01T00:00:00Z'");
        var older = Ingress("b-older", $"rules: [{{host: pill.example, http: {{paths: [{Path("/")}]}} }}]", ", creationTimestamp: '2024-01-01T00:00:00Z'");
        await AddPillAsync(younger + older);
        Assert.Equal("two", await GetAsync("pill.example"));
        await ReplacePillAsync(younger);
        Assert.Equal("one", await GetAsync("pill.example"));
    }

    [Theory]
    [InlineData("{tls.crt: Z2FyYmFnZQ==, tls.key: Z2FyYmFnZQ==}")]
    [InlineData("{tls.crt: '', tls.key: ''}")]
    [InlineData("{}")]
    [InlineData("{tls.crt: '!!! no base64'}")]
    [InlineData("null")]
    public async Task A_host_with_an_invalid_Secret_uses_the_default_certificate(string data)
    {
        await AddPillAsync(
            $"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: bad}}\ntype: kubernetes.io/tls\ndata: {data}\n"
            + Manifests.Ingress("pill", "pill.example", "two", tlsSecret: "bad"));
        Assert.Equal("two", await GetAsync("pill.example"));
        using var client = _controller.NewClient();
        Assert.Equal("two", await client.GetStringAsync("https://pill.example/"));
    }

    [Fact]
    public async Task A_change_of_the_class_claims_and_releases_Ingresses_immediately()
    {
        const string Class = "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: other}\nspec: {controller: CONTROLLER}\n";
        var ingress = Manifests.Ingress("pill", "pill.example", "two").Replace("ingressClassName: yarp", "ingressClassName: other", StringComparison.Ordinal);
        var unclaimed = Class.Replace("CONTROLLER", "else.example/controller", StringComparison.Ordinal);
        var claimed = Class.Replace("CONTROLLER", "yarp.ingress.kubernetes.io/controller", StringComparison.Ordinal);
        await AddPillAsync(unclaimed + ingress);
        Assert.Equal("404", await GetAsync("pill.example"));
        await ReplacePillAsync(claimed + ingress);
        Assert.Equal("two", await GetAsync("pill.example"));
        await ReplacePillAsync(unclaimed + ingress);
        Assert.Equal("404", await GetAsync("pill.example"));
        await ReplacePillAsync(ingress);
        Assert.Equal("404", await GetAsync("pill.example"));
    }

    [Fact]
    public async Task A_deleted_Service_returns_503_until_it_is_recreated_and_never_falls_through_to_another_rule()
    {
        var routes = Ingress("pill", $"rules: [{{host: pill.example, http: {{paths: [{Path("/", "one")}, {Path("/x", "three")}]}} }}]");
        await AddPillAsync(routes);
        Assert.Equal("503", await GetAsync("pill.example", "/x"));
        await ReplacePillAsync(routes + Manifests.Service("three", [_two.Port]));
        Assert.Equal("two", await GetAsync("pill.example", "/x"));
        await ReplacePillAsync(routes + Manifests.Service("three", []));
        Assert.Equal("503", await GetAsync("pill.example", "/x"));
        await _controller.ApplyAsync(routes + Manifests.Service("two", [_two.Port]));
        Assert.Equal("503", await GetAsync("pill.example", "/"));
    }

    [Fact]
    public async Task Problems_are_reported_as_diagnostics()
    {
        await AddPillAsync(Ingress("pill", $"rules: [{{host: pill.example, http: {{paths: [{Path("/x", "missing")}]}} }}]"));
        var live = _controller.Services.GetRequiredService<LiveRevision>();
        Assert.Contains(live.Current.Translation.CollectDiagnostics(), diagnostic => diagnostic.Code == DiagnosticCode.ServiceNotFound && diagnostic.Subject.Name.Name == "pill");
    }

    [Fact]
    public async Task A_thousand_invalid_Ingresses_do_not_affect_a_valid_one()
    {
        await AddPillAsync(string.Concat(Enumerable.Range(0, 1000).Select(i => (i % 4) switch
        {
            0 => Ingress($"pill-{i}", $"rules: [{{host: 'h{i}..example'}}]"),
            1 => Ingress($"pill-{i}", $"rules: [{{host: h{i}.example, http: {{paths: [{Path("/%")}, {Path("/{}")}]}} }}]"),
            2 => Ingress($"pill-{i}", $"rules: [{{host: h{i}.example, http: {{paths: [{Path("/", $"missing-{i}")}]}} }}]"),
            _ => Ingress($"pill-{i}", "rules: [{http: {paths: [{backend: {} }]} }]"),
        })));
        Assert.Equal("503", await GetAsync("h2.example"));
        Assert.Equal("two", await GetAsync("h1.example", "/{}"));
    }

    private async Task ReplacePillAsync(string manifests)
    {
        await _controller.ApplyAsync(Services + Manifests.Ingress("good", "good.example", "one"), manifests);
        Assert.Equal("one", await GetAsync("good.example"));
    }
}
