using System.Text.Json;
using IngressController.Cli;
using IngressController.Explain;
using IngressController.Views;
using Microsoft.Extensions.DependencyInjection;
using static IngressController.Tests.Features.Canary.CanaryFixture;

namespace IngressController.Tests.Features.Canary;

/// <summary>What explain, the admin API, the table of routes and the metrics say about canaries and weights.</summary>
public sealed class CanaryViewsTests(CanaryFixture proxy) : IClassFixture<CanaryFixture>
{
    [Fact]
    public async Task Explain_names_the_header_that_selects_a_canary()
    {
        var host = await proxy.ServeAsync(("canary-by-header", "X-Canary"), ("canary-weight", "30"));
        var explanation = await ExplainAsync(host, "X-Canary: always");
        Assert.Equal("default/next:80", explanation.Verdict.ForwardedTo);
        Assert.Equal("default/next:80", explanation.Backend!.Name);
        Assert.Equal(
            [new AlternativeEntry("default/next:80", $"canary default/next-{host}", 100, true, "header X-Canary selects it"), new AlternativeEntry("default/main:80", "main", 0, false, "nothing is left for it")],
            explanation.Alternatives!);
        Assert.Contains(explanation.Steps, step => step.Name == "backend" && step.Values == "default/next:80 if header X-Canary always or never; 30 of 100; else default/main:80");
    }

    [Theory]
    [InlineData("X-Canary: never", 0, "header X-Canary excludes it")]
    [InlineData("Cookie: c=never", 0, "cookie c excludes it")]
    [InlineData("Cookie: c=always", 100, "cookie c selects it")]
    [InlineData("X-Other: 1", 30, "by weight, 30 of 100")]
    public async Task Explain_names_what_decides(string header, double percent, string reason)
    {
        var host = await proxy.ServeAsync(("canary-by-header", "X-Canary"), ("canary-by-cookie", "c"), ("canary-weight", "30"));
        var explanation = await ExplainAsync(host, header);
        Assert.Equal((percent, reason), (explanation.Alternatives![0].Percent, explanation.Alternatives[0].Reason));
        Assert.Equal(percent > 50 ? "default/next:80" : "default/main:80", explanation.Verdict.ForwardedTo);
        Assert.Equal(100, explanation.Alternatives.Sum(entry => entry.Percent));
    }

    [Fact]
    public async Task Explain_prints_the_shares_and_all_backends_of_a_request_that_chance_decides()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host, annotations: "backend-weights: \"main=3,beta=1,none=7\"") + CanaryOf(host, "next", ("canary-weight", "20")));
        var text = ExplanationText.Format(await ExplainAsync(host));
        Assert.Contains(
            $"""

            Backends
                 default/next:80  canary default/next-{host}  20 %  by weight, 20 of 100
              >  default/main:80  backend-weights{new string(' ', host.Length + 5)}  60 %  by weight, 3 of 4
                 default/beta:80  backend-weights{new string(' ', host.Length + 5)}  20 %  by weight, 1 of 4
                 default/none:80  backend-weights{new string(' ', host.Length + 5)}  0 %   has no endpoint

            """, text, StringComparison.Ordinal);
        Assert.Contains("=> forwarded to default/main:80, or by weight to default/next:80 (20 %), or by weight to default/beta:80 (20 %)\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_names_a_canary_without_endpoints_with_its_diagnostics()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host) + CanaryOf(host, "none", ("canary-weight", "100")));
        var explanation = await ExplainAsync(host);
        Assert.Equal("default/main:80", explanation.Verdict.ForwardedTo);
        Assert.Equal("has no endpoint", explanation.Alternatives![0].Reason);
        Assert.Contains(explanation.Diagnostics, diagnostic => diagnostic.Name == $"none-{host}");
        Assert.Contains($"default/none-{host} spec.rules[0].http.paths[0].backend.service.name: ", ExplanationText.Format(explanation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_of_a_route_without_alternatives_has_none()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host));
        Assert.Null((await ExplainAsync(host)).Alternatives);
    }

    [Fact]
    public async Task The_admin_API_and_the_table_of_routes_have_canaries_and_weights()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host, annotations: "backend-weights: \"main=3,beta=1\"") + CanaryOf(host, "next", ("canary-by-cookie", "c"), ("canary-weight", "20")));
        using var admin = new HttpClient();
        var json = await admin.GetStringAsync($"http://127.0.0.1:{proxy.Controller.AdminPort}/api/routes");
        using var routes = JsonDocument.Parse(json);
        var route = Assert.Single(routes.RootElement.EnumerateArray(), route => route.GetProperty("host").GetString() == host);
        var canary = Assert.Single(route.GetProperty("canaries").EnumerateArray());
        Assert.Equal(
            ("default/next:80", "cookie c always or never; 20 of 100", $"default/next-{host}", "spec.rules[0].http.paths[0]"),
            (canary.GetProperty("backend").GetString(), canary.GetProperty("rules").GetString(), canary.GetProperty("ingress").GetString(), canary.GetProperty("field").GetString()));
        Assert.Equal(
            [("default/main:80", 3), ("default/beta:80", 1)],
            route.GetProperty("weights").EnumerateArray().Select(weight => (weight.GetProperty("backend").GetString()!, weight.GetProperty("weight").GetInt32())));
        Assert.Contains(
            "  3 default/main:80, 1 default/beta:80, canary default/next:80 (cookie c always or never; 20 of 100)  ",
            RouteTableText.Format(ViewJson.Read<IEnumerable<RouteView>>(json)!.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_are_counted_for_the_canary_that_serves_them()
    {
        var host = await proxy.ServeAsync(("canary-by-header", "X-Canary"));
        await proxy.AskAsync(host, "X-Canary: always\r\n");
        await proxy.AskAsync(host, "X-Canary: always\r\n");
        await proxy.AskAsync(host);
        using var admin = new HttpClient();
        var page = await admin.GetStringAsync($"http://127.0.0.1:{proxy.Controller.AdminPort}/metrics");
        Assert.Contains($"yarp_ingress_requests_total{{namespace=\"default\",ingress=\"next-{host}\",service=\"next\",code=\"2xx\"}} 2\n", page, StringComparison.Ordinal);
        Assert.Contains($"yarp_ingress_requests_total{{namespace=\"default\",ingress=\"main-{host}\",service=\"main\",code=\"2xx\"}} 1\n", page, StringComparison.Ordinal);
    }

    private Task<Explanation> ExplainAsync(string host, params string[] headers) => proxy.Controller.Services.GetRequiredService<Explainer>().ExplainAsync(
        ExplainRequest.Parse($"http://{host}/", null, headers, null), CancellationToken.None);
}
