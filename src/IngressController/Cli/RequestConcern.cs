using IngressController.Routing.Diagnostics;
using IngressController.Sources.Folder;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>Decides whether a problem of a manifest can concern an explained request.</summary>
internal sealed class RequestConcern
{
    private readonly string[] _objects;
    private readonly string[] _hosts;
    private readonly Dictionary<string, bool> _files = new(StringComparer.Ordinal);

    private RequestConcern(string[] objects, string[] hosts)
    {
        _objects = objects;
        _hosts = hosts;
    }

    /// <summary>The objects that the explanation names, and the hosts that a rule for the request can have.</summary>
    public static RequestConcern Of(Explanation explanation)
    {
        var host = new HostString(explanation.Request.Host).Host;
        var parent = host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? "*" + host[dot..] : host;
        var backend = explanation.Backend?.Name.Split(':')[0];
        string?[] objects = [explanation.Route?.Ingress, backend, explanation.Certificate?.Secret];
        return new RequestConcern([.. objects.OfType<string>()], host.Length == 0 ? [] : [host, parent]);
    }

    /// <summary>True for an object that the explanation names, and for any other in a file with the host.</summary>
    public bool Includes(ManifestProblem problem) =>
        _objects.Contains(problem.Diagnostic.Subject.Name.ToString()) || (IsIngressOrUnknown(problem.Diagnostic.Subject) && NamesHost(problem.File));

    /// <summary>Only an Ingress, or a document that could be one, has hosts.</summary>
    private static bool IsIngressOrUnknown(DiagnosticSubject subject) => subject.Kind is "Ingress" or "Document" or "File";

    private bool NamesHost(string file)
    {
        if (_files.TryGetValue(file, out var known))
            return known;
        try
        {
            var text = File.ReadAllText(file);
            known = _hosts.Any(host => text.Contains(host, StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be read may have it.
            known = true;
        }

        return _files[file] = known;
    }
}
