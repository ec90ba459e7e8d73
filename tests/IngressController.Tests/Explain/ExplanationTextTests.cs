using IngressController.Cli;
using IngressController.Pipeline;
using IngressController.Routing.Table;
using IngressController.Views;

namespace IngressController.Tests.Explain;

public sealed class ExplanationTextTests
{
    [Fact]
    public void Policies_steps_and_redirect_are_printed_in_order() => Assert.Equal(
        """
        GET https://a.example/ from 127.0.0.1

        Host a.example
          >  a.example  exact match

        Path /
          >  Prefix  /  default/a spec.rules[0].http.paths[0]  the longest match
            and 7 more that do not match

        Policies
            Limits    Rate = 5
            Redirect  To = https://b.example

        Set by
            limit-rps           5                  annotation nginx.ingress.kubernetes.io/limit-rps
            permanent-redirect  https://b.example  ConfigMap ingress/settings

        Steps
            limits         5 requests a second    continues
            redirect       301 to b.example       answers 301
            authorization  users of default/auth  not reached

        Backend default/a:80 over HTTPS
            endpoint 10.0.0.1:80
            problem: half of it is missing

        Certificate of a.example: CN=a.example, from Secret default/cert
            valid for a.example, www.a.example, but not now: until 2020-02-03

        => 301 to https://b.example/ (answered by redirect)

        """,
        ExplanationText.Format(Redirected));

    [Fact]
    public void Long_value_is_truncated()
    {
        var text = ExplanationText.Format(Redirected with { Policies = [new PolicyEntry("Access", new string('1', 5_000))] });

        Assert.All(text.Split('\n'), line => Assert.True(line.Length < 200));
        Assert.Contains("111...\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Policy_entry_has_the_kind_and_the_values() =>
        Assert.Equal(new PolicyEntry("Closed", "Reason = bad [list]"), PolicyEntry.Of(new ClosedPolicy("bad [list]")));

    private static Explanation Redirected => new()
    {
        Request = new ExplainedRequest("GET", "https://a.example/", "a.example", "/", "127.0.0.1"),
        Verdict = new Verdict(301, "https://b.example/", null, "answered by redirect"),
        Hosts = [new HostEntry("a.example", true, "exact match")],
        Paths = [new PathEntry("Prefix", "/", "default/a", "spec.rules[0].http.paths[0]", true, "the longest match")],
        PathsLeftOut = 7,
        Route = new RouteView("a.example", "Prefix", "/", "default/a:80", null, null, "default/a", "spec.rules[0].http.paths[0]"),
        Policies = [new PolicyEntry("Limits", "Rate = 5"), new PolicyEntry("Redirect", "To = https://b.example")],
        Sources =
        [
            new PolicySource("limit-rps", "5", "annotation nginx.ingress.kubernetes.io/limit-rps"),
            new PolicySource("permanent-redirect", "https://b.example", "ConfigMap ingress/settings"),
        ],
        Steps =
        [
            new StepEntry("limits", "5 requests a second", StepOutcome.Continues),
            new StepEntry("redirect", "301 to b.example", StepOutcome.Replies),
            new StepEntry("authorization", "users of default/auth", StepOutcome.NotReached),
        ],
        Backend = new BackendEntry("default/a:80", BackendProtocol.Https, ["10.0.0.1:80"], ["half of it is missing"], null, null),
        Certificate = new CertificateView(
            "a.example", "default/cert", "CN=a.example", "CN=ca", "01", DateTimeOffset.UnixEpoch, new DateTimeOffset(2020, 2, 3, 0, 0, 0, TimeSpan.Zero),
            false, ["a.example", "www.a.example"], null),
        Diagnostics = [],
    };
}
