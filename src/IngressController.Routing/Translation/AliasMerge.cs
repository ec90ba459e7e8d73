using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>Step 2, for names that are no hosts: the oldest Ingress that asks for a name as an alias of its host gets it.</summary>
internal static class AliasMerge
{
    /// <param name="name">The name.</param>
    /// <param name="isHost">True if some Ingress has rules for it: a host takes precedence over an alias.</param>
    /// <param name="fragments">The Ingresses that ask for it, oldest first.</param>
    public static MergedAlias Merge(string name, bool isHost, IReadOnlyList<IngressFragment> fragments)
    {
        var diagnostics = new List<Diagnostic>();
        HostAlias? winner = null;
        foreach (var fragment in fragments)
        {
            var alias = fragment.Aliases.First(alias => alias.Name == name);
            if (!isHost && winner is null)
                winner = alias;
            else if (alias.Redirect is null || !isHost)
                diagnostics.Add(Taken(alias, isHost ? "is the host of a rule; the alias is ignored" : $"is already an alias of host \"{winner!.Target}\" of Ingress {winner.Ingress}, which takes precedence (older, or first by name)"));
        }

        return new MergedAlias(winner, [.. diagnostics]);
    }

    private static Diagnostic Taken(HostAlias alias, string reason) =>
        DiagnosticCatalog.ServerAliasTaken(alias.Ingress, alias.Field, alias.Name, reason);
}

internal sealed record MergedAlias(HostAlias? Alias, EquatableArray<Diagnostic> Diagnostics);
