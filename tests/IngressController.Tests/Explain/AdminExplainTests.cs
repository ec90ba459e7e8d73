using System.Net;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Explain;

/// <summary>The page <c>/api/explain</c> of the admin port.</summary>
public sealed class AdminExplainTests
{
    [Theory]
    [InlineData("", "url is missing; use /api/explain?url=http://HOST/PATH, percent-encoded\n")]
    [InlineData("?url=shop.example", "\"shop.example\" is not an absolute URL; write http://HOST/PATH or https://HOST/PATH\n")]
    [InlineData("?url=http://shop.example/&header=x", "header \"x\" is not of the form NAME:VALUE\n")]
    [InlineData("?url=http://shop.example/&client=x", "client \"x\" is not an IP address\n")]
    [InlineData("?url=http://shop.example/&method=%20", "\" \" is not a method\n")]
    public async Task Invalid_query_is_answered_400_with_the_reason(string query, string expected)
    {
        await using var controller = await TestController.StartAsync("");
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{controller.AdminPort}") };

        using var response = await admin.GetAsync($"/api/explain{query}");

        Assert.Equal((HttpStatusCode.BadRequest, expected), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Explanation_contains_no_secret()
    {
        await using var cluster = await ExplainedCluster.StartAsync();
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{cluster.Controller.AdminPort}") };
        var manifests = await File.ReadAllTextAsync(Path.Combine(cluster.Controller.Folder, "manifests.yaml"));
        string[] secrets =
        [
            "nU4eI71bcnBGqeO0t9tXvY1u5oQ", "PRIVATE KEY",
            .. Regex.Matches(manifests, "tls\\.key: (\\S+)").Select(match => match.Groups[1].Value[60..120]),
        ];
        Assert.Equal(4, secrets.Length);

        foreach (var (host, _) in cluster.Rules)
        {
            foreach (var scheme in (string[])["http", "https"])
            {
                var url = Uri.EscapeDataString($"{scheme}://{host.Replace("*", "any", StringComparison.Ordinal)}/");
                var text = await admin.GetStringAsync($"/api/explain?url={url}");
                Assert.Contains("\"verdict\": {", text, StringComparison.Ordinal);
                Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task Explanation_does_not_count_as_a_request()
    {
        await using var controller = await TestController.StartAsync(Manifests.Service("web", [9, 10]) + Manifests.Ingress("shop", "shop.example", "web"));
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{controller.AdminPort}") };
        string Requests(string page) => string.Join('\n', page.Split('\n').Where(line => line.StartsWith("yarp_ingress_request", StringComparison.Ordinal)));
        var before = Requests(await admin.GetStringAsync("/metrics"));

        for (var i = 0; i < 3; i++)
            _ = await admin.GetStringAsync("/api/explain?url=http://shop.example/");

        Assert.Equal(before, Requests(await admin.GetStringAsync("/metrics")));
    }
}
