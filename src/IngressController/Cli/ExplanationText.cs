using System.Globalization;
using System.Text;
using IngressController.Pipeline;
using IngressController.Routing.Table;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>Formats an explanation for the terminal, from the request to the verdict, in the order of the decisions.</summary>
internal static class ExplanationText
{
    /// <summary>The maximum width of a value, because lists of networks can be long. The JSON has them in full.</summary>
    private const int MaxValueWidth = 160;

    public static string Format(Explanation explanation)
    {
        var text = new StringBuilder();
        var request = explanation.Request;
        text.Append($"{request.Method} {request.Url} from {request.Client}\n");
        Section(text, $"Host {request.Host}", [.. explanation.Hosts.Select(host => new[] { Mark(host.IsChosen), host.Entry, host.Reason })], "  ");
        AppendPaths(text, explanation);
        AppendPolicies(text, explanation);
        Section(text, "Steps", [.. explanation.Steps.Select(step => new[] { step.Name, Cut(step.Values), Word(step.Outcome, explanation.Verdict) })]);
        Section(text, "Backends", [.. (explanation.Alternatives ?? []).Select(entry => new[]
        {
            Mark(entry.IsChosen), entry.Backend, entry.Source, Percent(entry.Percent), entry.Reason,
        })], "  ");
        AppendBackend(text, explanation);
        if (explanation.Certificate is { } certificate)
            Append(text, certificate);
        Section(text, "Diagnostics of the Ingress", [.. explanation.Diagnostics.Select(diagnostic => Row(diagnostic, explanation.Route))]);
        return text.Append('\n').Append(Line(explanation.Verdict)).Append(Others(explanation)).Append('\n').ToString().ReplaceLineEndings();
    }

    private static void AppendPaths(StringBuilder text, Explanation explanation)
    {
        if (explanation.Request.Path is not { } path)
            return;
        Section(text, $"Path {path}", [.. explanation.Paths.Select(entry => new[]
        {
            Mark(entry.IsChosen), entry.PathType, entry.Path, $"{entry.Ingress} {entry.Field}", entry.Reason,
        })], "  ");
        if (explanation.PathsLeftOut > 0)
            text.Append(CultureInfo.InvariantCulture, $"    and {explanation.PathsLeftOut} more that do not match\n");
    }

    private static void AppendPolicies(StringBuilder text, Explanation explanation)
    {
        Section(text, "Policies", [.. explanation.Policies.Select(policy => new[] { policy.Name, Cut(policy.Values) })]);
        Section(text, "Set by", [.. explanation.Sources.Select(source => new[] { source.Setting, Cut(source.Value), source.Origin })]);
    }

    private static void AppendBackend(StringBuilder text, Explanation explanation)
    {
        if (explanation.Backend is not { } backend)
        {
            if (explanation.Route is { Redirect: { } redirect })
                text.Append($"\nBackend: none ({redirect})\n");
            if (explanation.Route is { Unavailable: { } reason })
                text.Append($"\nBackend: none ({reason})\n");
            return;
        }

        text.Append($"\nBackend {backend.Name} over {Word(backend.Protocol)}\n");
        foreach (var endpoint in backend.Endpoints)
            text.Append($"    endpoint {endpoint}\n");
        if (backend.Note is { } note)
            text.Append($"    {note}\n");
        else if (backend.Endpoints.Length == 0)
            text.Append("    no endpoint is ready\n");
        foreach (var problem in backend.Problems)
            text.Append($"    problem: {problem}\n");
        if (backend.Path is { } path)
            text.Append($"    receives {path} with Host {backend.Host}\n");
    }

    private static void Append(StringBuilder text, CertificateView certificate)
    {
        text.Append($"\nCertificate of {certificate.Host}: {certificate.Subject}");
        text.Append(certificate.Secret is { } secret ? $", from Secret {secret}\n" : "\n");
        if (certificate.DnsNames.Length > 0)
            text.Append($"    valid for {string.Join(", ", certificate.DnsNames)}, {(certificate.IsValidNow ? "until" : "but not now: until")} {certificate.NotAfter:yyyy-MM-dd}\n");
        if (certificate.Problem is { } problem)
            text.Append($"    problem: {problem}\n");
    }

    private static void Section(StringBuilder text, string heading, string[][] rows, string indent = "    ")
    {
        if (rows.Length > 0)
            text.Append($"\n{heading}\n{TextTable.Format(rows, indent)}");
    }

    /// <summary>A diagnostic; one of a canary names it.</summary>
    private static string[] Row(DiagnosticView diagnostic, RouteView? route)
    {
        var subject = $"{diagnostic.Namespace}/{diagnostic.Name}";
        var canary = diagnostic.Kind == "Ingress" && route is not null && route.Ingress != subject ? $"{subject} " : "";
        return [diagnostic.Severity.ToString().ToLowerInvariant(), diagnostic.Code.ToString(), $"{canary}{diagnostic.Field}: {diagnostic.Message} ({diagnostic.Effect})"];
    }

    private static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.####} %");

    /// <summary>The other backends that can get a request that is forwarded.</summary>
    private static string Others(Explanation explanation)
    {
        var others = explanation.Verdict.ForwardedTo is null ? [] : (explanation.Alternatives ?? []).Where(entry => entry is { Percent: > 0, IsChosen: false });
        return string.Concat(others.Select(entry => $", or by weight to {entry.Backend} ({Percent(entry.Percent)})"));
    }

    private static string Mark(bool isChosen) => isChosen ? ">" : " ";

    private static string Cut(string value) => TextTable.Cell(value.ReplaceLineEndings(" "), MaxValueWidth);

    private static string Word(BackendProtocol protocol) => protocol switch
    {
        BackendProtocol.Http => "HTTP/1.1",
        BackendProtocol.Https => "HTTPS",
        BackendProtocol.H2c => "HTTP/2 without TLS",
        _ => protocol.ToString(),
    };

    private static string Word(StepOutcome outcome, Verdict verdict) => outcome switch
    {
        StepOutcome.Continues => "continues",
        StepOutcome.Replies => $"answers {verdict.Status}",
        _ => "not reached",
    };

    private static string Line(Verdict verdict) => verdict switch
    {
        { ForwardedTo: { } backend } => $"=> forwarded to {backend}",
        { Location: { } location } => $"=> {verdict.Status} to {location} ({verdict.Reason})",
        _ => $"=> {verdict.Status} ({verdict.Reason})",
    };
}
