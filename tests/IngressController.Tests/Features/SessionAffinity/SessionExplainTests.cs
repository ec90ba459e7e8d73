using System.Text.Json;
using IngressController.Explain;
using Microsoft.Extensions.DependencyInjection;
using static IngressController.Tests.Features.SessionAffinity.SessionFixture;

namespace IngressController.Tests.Features.SessionAffinity;

/// <summary>What explain and the admin API show of sessions.</summary>
public sealed class SessionExplainTests(SessionFixture proxy) : IClassFixture<SessionFixture>
{
    [Theory]
    [InlineData("", "cookie INGRESSCOOKIE, balanced, the same endpoint after a failure; without a valid cookie round_robin")]
    [InlineData(
        "affinity-mode: persistent, session-cookie-name: route, session-cookie-change-on-failure: \"true\"",
        "cookie route, persistent, another endpoint after a failure; without a valid cookie round_robin")]
    public async Task They_show_cookie_mode_and_failure(string annotations, string expected)
    {
        await using var backend = Named();
        var host = await proxy.ServeAsync([backend], annotations);
        var explanation = await proxy.Controller.Services.GetRequiredService<Explainer>().ExplainAsync(
            ExplainRequest.Parse($"http://{host}/", null, [], null), CancellationToken.None);
        Assert.Equal(expected, Assert.Single(explanation.Steps, step => step.Name == "load balancing").Values);
        Assert.Empty(backend.Requests);

        using var client = new HttpClient();
        using var routes = JsonDocument.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{proxy.Controller.AdminPort}/api/routes")));
        var route = routes.RootElement.EnumerateArray().Single(route => route.GetProperty("host").GetString() == host);
        Assert.Equal(expected, route.GetProperty("balancing").GetString());
    }
}
