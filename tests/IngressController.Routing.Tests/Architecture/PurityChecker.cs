using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace IngressController.Routing.Tests.Architecture;

/// <summary>Finds the references that a compiled assembly must not have.</summary>
internal static class PurityChecker
{
    private const string KubernetesPackage = "KubernetesClient.Aot";

    private const string ModelsNamespace = "k8s.Models";

    /// <summary>The interfaces of all models.</summary>
    private static readonly HashSet<string> ModelInterfaces = ["k8s.IKubernetesObject", "k8s.IKubernetesObject`1", "k8s.IMetadata`1"];

    private static readonly string[] ForbiddenNamespaces =
        ["Microsoft.AspNetCore", "Microsoft.Extensions.Logging", "Yarp", "System.Net.Http", "YamlDotNet.Serialization"];

    private static readonly HashSet<string> ForbiddenTypes =
    [
        "System.IO.File", "System.IO.Directory", "System.IO.FileInfo", "System.IO.DirectoryInfo", "System.IO.FileStream", "System.Net.Dns",
        "System.TimeProvider", "System.Random", "System.Diagnostics.Stopwatch", "System.Console",
        "System.Security.Cryptography.RandomNumberGenerator", "System.Net.Sockets.Socket", "System.Diagnostics.Process",
    ];

    private static readonly HashSet<string> ForbiddenMembers =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now",
        "System.DateTimeOffset.get_UtcNow", "System.Guid.NewGuid", "System.Guid.CreateVersion7",
        "System.Environment.GetEnvironmentVariable", "System.Environment.get_MachineName", "System.Environment.get_TickCount64",
    ];

    public static IReadOnlyList<string> FindForbidden(string assemblyFile)
    {
        using var stream = File.OpenRead(assemblyFile);
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        var types = metadata.TypeReferences.Select(metadata.GetTypeReference).Select(reference => Describe(metadata, reference));
        var members = metadata.MemberReferences.Select(metadata.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => (Type: Describe(metadata, metadata.GetTypeReference((TypeReferenceHandle)member.Parent)), Name: metadata.GetString(member.Name)))
            .Where(member => IsForbiddenMember(member.Type.Namespace, member.Type.Name, member.Name))
            .Select(member => $"{member.Type.Namespace}.{member.Type.Name}.{member.Name}");
        return
        [
            .. types.Where(type => IsForbiddenType(type.Assembly, type.Namespace, type.Name)).Select(type => $"{type.Namespace}.{type.Name}")
                .Concat(members).Distinct().Order(StringComparer.Ordinal),
        ];
    }

    public static bool IsForbiddenType(string assembly, string @namespace, string name) =>
        (assembly == KubernetesPackage && @namespace != ModelsNamespace && !ModelInterfaces.Contains($"{@namespace}.{name}"))
        || assembly == "IngressController.Kubernetes"
        || ForbiddenNamespaces.Any(forbidden => @namespace == forbidden || @namespace.StartsWith($"{forbidden}.", StringComparison.Ordinal))
        || ForbiddenTypes.Contains($"{@namespace}.{name}");

    /// <summary>Models are read only: everyone with the snapshot shares them.</summary>
    public static bool IsForbiddenMember(string @namespace, string type, string name) =>
        (@namespace == ModelsNamespace && name.StartsWith("set_", StringComparison.Ordinal)) || ForbiddenMembers.Contains($"{@namespace}.{type}.{name}");

    private static (string Assembly, string Namespace, string Name) Describe(MetadataReader metadata, TypeReference reference)
    {
        // A nested type counts as the type around it.
        while (reference.ResolutionScope.Kind == HandleKind.TypeReference)
            reference = metadata.GetTypeReference((TypeReferenceHandle)reference.ResolutionScope);
        var assembly = reference.ResolutionScope.Kind == HandleKind.AssemblyReference
            ? metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)reference.ResolutionScope).Name)
            : "";
        return (assembly, metadata.GetString(reference.Namespace), metadata.GetString(reference.Name));
    }
}
