using System.Runtime.InteropServices;

namespace IngressController.Tests.Fakes;

/// <summary>System calls that .NET does not offer.</summary>
internal static class Posix
{
    /// <summary>Puts one path in the place of another, whatever either is; File.Move refuses links to folders.</summary>
    public static void Rename(string from, string to) => Assert.Equal(0, RenameCore(from, to));

    public static void Signal(int process, PosixSignal signal) => Assert.Equal(0, Kill(process, signal == PosixSignal.SIGINT ? 2 : 15));

    [DllImport("libc", EntryPoint = "rename", CharSet = CharSet.Ansi)]
    private static extern int RenameCore(string from, string to);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
