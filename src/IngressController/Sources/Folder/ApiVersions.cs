using IngressController.Routing.Annotations;

namespace IngressController.Sources.Folder;

/// <summary>Tells objects of another API, which are ignored, from those with an old or misspelt version.</summary>
internal static class ApiVersions
{
    /// <summary>The answer for kinds of the same name in another API, such as Knative's Ingress and Service.</summary>
    public const string Foreign = "foreign";

    /// <summary>Returns null for the version that is read, <see cref="Foreign"/> for another API, otherwise the problem.</summary>
    public static string? Problem(ManifestKind kind, string? apiVersion)
    {
        if (apiVersion == kind.ApiVersion)
            return null;
        if (string.IsNullOrEmpty(apiVersion))
            return $"is missing; use {kind.ApiVersion}";
        var group = apiVersion.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? apiVersion[..slash] : "";
        return group != kind.Group && IsOfAnotherApi(group) ? Foreign : $"\"{apiVersion}\" is not supported; use {kind.ApiVersion}";
    }

    /// <summary>Groups of extensions are DNS names; those of Kubernetes are plain words or end with k8s.io.</summary>
    private static bool IsOfAnotherApi(string group) =>
        group.Contains('.', StringComparison.Ordinal) && !group.EndsWith(".k8s.io", StringComparison.Ordinal)
        && NearestName.Find(group, ["networking.k8s.io", "discovery.k8s.io"], maxDistance: 2) is null;
}
