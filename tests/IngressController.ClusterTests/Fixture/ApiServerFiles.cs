using System.Security.Cryptography;

namespace IngressController.ClusterTests.Fixture;

/// <summary>The files and arguments of an API server in tests.</summary>
internal static class ApiServerFiles
{
    private const string Key = "sa.key";

    private const string Tokens = "tokens.csv";

    /// <summary>Writes the files that <see cref="Arguments"/> names.</summary>
    public static void Write(string folder)
    {
        using var key = RSA.Create(2048);
        File.WriteAllText(Path.Combine(folder, Key), key.ExportRSAPrivateKeyPem());
        File.WriteAllLines(Path.Combine(folder, Tokens), ServiceAccounts.TokenLines);
    }

    /// <param name="folder">The folder of the files, as the API server sees it.</param>
    /// <param name="etcd">The address of etcd.</param>
    /// <param name="serviceRanges">The address ranges of Services.</param>
    public static IEnumerable<string> Arguments(string folder, string etcd, string serviceRanges) =>
    [
        $"--etcd-servers={etcd}", "--service-account-issuer=https://kubernetes.default.svc", "--api-audiences=api",
        $"--service-account-key-file={folder}/{Key}", $"--service-account-signing-key-file={folder}/{Key}",
        $"--service-cluster-ip-range={serviceRanges}", "--authorization-mode=RBAC", $"--token-auth-file={folder}/{Tokens}",
        "--disable-admission-plugins=ServiceAccount", "--allow-privileged", "--runtime-config=discovery.k8s.io/v1beta1=false",
    ];
}
